import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.rag.sentences import is_question, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Use e.g. a volume. Then start.", ["Use e.g. a volume.", "Then start."]),
        ("Version 1.2.3 of http://x.y/z.html works. Good.", ["Version 1.2.3 of http://x.y/z.html works.", "Good."]),
        ("Run `a. b` now. Done.", ["Run `a. b` now.", "Done."]),
        ("一つ目の文。二つ目！三つ目？", ["一つ目の文。", "二つ目！", "三つ目？"]),
        ("# Heading\ntext", ["text"]),
        ("- first item\n- second item. More.", ["first item", "second item.", "More."]),
        ("1. first\n2. second", ["first", "second"]),
        ("> quoted text.", ["quoted text."]),
        ("one line\ngoes on. Next.", ["one line goes on.", "Next."]),
        ("文の途中で\n改行する。", ["文の途中で改行する。"]),
        ("before\n```bash\nls. rm.\n```\nafter", ["before", "after"]),
        ("see [the page](page.md#x). End.", ["see the page.", "End."]),
        ("| a | b |\n|---|---|\n", ["| a | b |"]),
        ("「はい。そうです。」と答える。終わり。", ["「はい。そうです。」と答える。", "終わり。"]),
        ("「はい。」次の文。", ["「はい。」", "次の文。"]),
        ("箱（例：本。）を消す。残る。", ["箱（例：本。）を消す。", "残る。"]),
        ("閉じない「例。次の文。", ["閉じない「例。", "次の文。"]),
        ("使えますか?はい、使えます!便利です.次の文．終わり｡", ["使えますか?", "はい、使えます!", "便利です.", "次の文．", "終わり｡"]),
        ("版は1.2.3です。ポートは8000です。", ["版は1.2.3です。", "ポートは8000です。"]),
        ("", []),
    ],
)
def test_text_becomes_sentences(text, expected):
    assert sentences(text) == expected


def test_an_open_code_block_hides_its_end():
    assert sentences("before\n```\ncode. more.") == ["before"]


@given(st.text(max_size=200))
def test_any_text_gives_sentences_that_are_not_blank(text):
    assert all(sentence.strip() for sentence in sentences(text))


@given(st.lists(st.sampled_from(["One two.", "Three?", "四つ目の文。", "`a.b` is code."]), max_size=8))
def test_sentences_of_a_paragraph_are_found_again(parts):
    assert sentences(" ".join(parts)) == parts


@pytest.mark.parametrize(("text", "expected"), [("Why?", True), ("なぜ？", True), ("**Why?**", True), ("Because.", False)])
def test_questions_are_known(text, expected):
    assert is_question(text) is expected
