"""Modelfiles: read as Ollama reads them, and written so that they read back as the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.engine.errors import EngineError
from lab.engine.modelfile import INSTRUCTIONS, ROLES, Command, format_modelfile, parse_modelfile, quote, write_modelfile

UNKNOWN = (
    'command must be one of "from", "license", "template", "system", "adapter", "draft", '
    '"renderer", "parser", "parameter", "message", or "requires"'
)
NO_QUOTE = st.text(st.characters(blacklist_characters='"', blacklist_categories=["Cs"]), max_size=40)
PLAIN = st.builds(Command, st.sampled_from([name for name in INSTRUCTIONS if name not in ("parameter", "message")]), NO_QUOTE)
KEYED = st.builds(Command, st.just("parameter"), NO_QUOTE, st.from_regex(r"[a-z0-9_]{1,9}", fullmatch=True)) | st.builds(
    Command, st.just("message"), NO_QUOTE, st.sampled_from(ROLES)
)


def only(text):
    """The instruction after FROM."""
    _, command = parse_modelfile(f"FROM x\n{text}")
    return command


def test_every_instruction_in_any_case_is_read():
    text = 'from smollm2:135m\nPARAMETER stop "<end>"\nParameter temperature 0\nSYSTEM Be brief.\nMESSAGE user Hi there\n'
    assert parse_modelfile(text) == [
        Command("from", "smollm2:135m"),
        Command("parameter", "<end>", "stop"),
        Command("parameter", "0", "temperature"),
        Command("system", "Be brief."),
        Command("message", "Hi there", "user"),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SYSTEM bare to the end  ", "bare to the end"),
        ('SYSTEM "quoted "', "quoted "),
        ('SYSTEM "two\nlines"', "two\nlines"),
        ('SYSTEM """\nmany\n\nlines\n"""', "\nmany\n\nlines\n"),
        ('SYSTEM """with "quotes" inside"""', 'with "quotes" inside'),
        ('SYSTEM "a "quoted" word"', 'a "quoted" word'),
        ("SYSTEM 'single' quotes are text", "'single' quotes are text"),
        ("SYSTEM # no comment here", "# no comment here"),
        ('SYSTEM ""', ""),
        ("SYSTEM \t spaced", "spaced"),
        ("SYSTEM 日本語　で答える", "日本語　で答える"),
    ],
)
def test_value_ends_where_ollama_ends_it(text, value):
    assert only(text).value == value


def test_comments_blank_lines_and_windows_line_ends_are_passed_over():
    assert only("\r\n# a comment\r\n\r\n  SYSTEM x\r\n# the end").value == "x"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_of_text_editors_are_read(encoding):
    assert parse_modelfile("FROM é\n".encode(encoding)) == [Command("from", "é")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no FROM line"),
        ("SYSTEM x", "no FROM line"),
        ("FROM x\nFOO y", f"(line 2): {UNKNOWN}"),
        ("FROM\n", f"(line 1): {UNKNOWN}"),
        ("FROM", "unexpected EOF"),
        ("1FROM x", f"(line 1): {UNKNOWN}"),
        ('FROM x\nSYSTEM "open', "unexpected EOF"),
        ('FROM x\nSYSTEM """open"', "unexpected EOF"),
        ("FROM x\nPARAMETER stop", "unexpected EOF: stop"),
        ("FROM x\nMESSAGE robot hi", '(line 2): message role must be one of "system", "user", or "assistant"'),
    ],
)
def test_errors_have_ollamas_words(text, message):
    with pytest.raises(EngineError) as raised:
        parse_modelfile(text)
    assert raised.value.message == message


@given(st.lists(PLAIN | KEYED, max_size=6))
def test_what_is_written_reads_back_as_the_same(commands):
    commands = [Command("from", "x"), *commands]
    assert parse_modelfile(format_modelfile(commands)) == commands


@given(st.text('ab" \n', max_size=12))
def test_values_with_quotes_read_back_unless_a_quote_ends_an_inner_line(value):
    if '"\n' not in value.replace(" ", "") and not value.rstrip().endswith('"'):
        assert only(f"SYSTEM {quote(value)}").value == value


def test_modelfile_of_a_model_makes_the_same_model(add_model):
    params = {"stop": ["<a>", " b"], "temperature": 0.5, "use_mmap": True}
    model = add_model("x", template="{{ .Prompt }}\n", system='Say "hi".\nBye.', params=params, license="MIT")
    commands = parse_modelfile(write_modelfile(model))
    assert Command("from", str(model.gguf)) in commands
    assert [c.value for c in commands if c.instruction in ("template", "system")] == ["{{ .Prompt }}\n", 'Say "hi".\nBye.']
    assert [(c.key, c.value) for c in commands if c.key] == [("stop", "<a>"), ("stop", " b"), ("temperature", "0.5"), ("use_mmap", "true")]


def test_long_texts_are_read_in_no_time():
    text = "FROM x\nLICENSE " + quote("a line of a licence\n" * 50_000)
    assert len(parse_modelfile(text)[1].value) == 50_000 * 20
