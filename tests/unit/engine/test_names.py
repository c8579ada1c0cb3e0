"""Model names as Ollama reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.engine.errors import InvalidName
from lab.engine.names import Name

PART = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,10}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("smollm2", "registry.ollama.ai/library/smollm2:latest"),
        ("smollm2:135m", "registry.ollama.ai/library/smollm2:135m"),
        ("me/smollm2", "registry.ollama.ai/me/smollm2:latest"),
        ("localhost:5000/me/x", "localhost:5000/me/x:latest"),
        ("http://localhost:5000/me/x:1.5b-q4_0", "localhost:5000/me/x:1.5b-q4_0"),
    ],
)
def test_missing_parts_get_their_defaults(text, full):
    assert Name.parse(text).full == full


def test_scheme_of_a_name_is_kept():
    assert Name.parse("http://localhost:5000/me/x").scheme == "http"
    assert Name.parse("localhost:5000/me/x").scheme == "https"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a b",
        "x:",
        ":x",
        "../../etc/passwd",
        "a/../b",
        "x:..",
        ".x",
        "-x",
        "x" * 81,
        "ftp://h/n/m",
        "/me/x",
        "a//b",
        "x@y",
        "日本",
        "x\n",
    ],
)
def test_ill_formed_name_is_refused(text):
    with pytest.raises(InvalidName) as raised:
        Name.parse(text)
    assert (raised.value.status, raised.value.message) == (400, "invalid model name")


@given(host=PART, namespace=PART, model=PART, tag=PART)
def test_full_name_reads_back_as_the_same_name(host, namespace, model, tag):
    name = Name(host, namespace, model, tag)
    assert Name.parse(name.full) == name
    assert Name.parse(name.short) == name
    assert Name.of_parts(name.parts) == name


@given(st.text(max_size=60))
def test_any_text_is_a_safe_name_or_refused(text):
    try:
        parts = Name.parse(text).parts
    except InvalidName:
        return
    assert all(part and "/" not in part and not part.startswith(".") for part in parts)


def test_short_name_always_shows_the_tag():
    assert Name.parse("smollm2").short == "smollm2:latest"
    assert Name.parse("host:1/library/m").short == "host:1/library/m:latest"
