"""How a verdict, a hint and a worked answer look."""

import re

import pytest

from lab.course.verdict import LOOK, NOTE_LOOK, Note, State, Verdict


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("text", "background"), [look[1:] for look in LOOK.values()] + [NOTE_LOOK])
def test_text_stands_out_from_its_background(text, background):
    lighter, darker = sorted((luminance(text), luminance(background)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 7


def test_plain_text_says_everything():
    assert repr(Verdict("speed", State.INCORRECT, "Twice too much.")) == "✘ speed: incorrect. Twice too much."
    assert repr(Verdict("speed", State.CORRECT)) == "✔ speed: correct"


@pytest.mark.parametrize("state", State)
def test_html_is_announced_and_does_not_rely_on_colour(state):
    shown = Verdict("speed", state, "said")._repr_html_()
    assert 'role="status"' in shown
    assert f"speed: {state.value}" in re.sub("<[^>]+>", "", shown)


def test_what_learners_wrote_is_escaped():
    shown = Verdict("<i>", State.INCORRECT, "<script>")._repr_html_() + Note("<b>", "<u>", is_code=True)._repr_html_()
    assert not re.search("<(i|script|u)>", shown)


def test_names_between_backticks_are_shown_as_code():
    assert "Write <code>a&lt;b</code> above" in Verdict("x", State.NOT_ATTEMPTED, "Write `a<b` above")._repr_html_()


def test_a_worked_answer_keeps_its_lines():
    note = Note("One way", "a = 1\nb = 2", is_code=True)
    assert repr(note) == "One way\na = 1\nb = 2"
    assert "<pre" in note._repr_html_() and "a = 1\nb = 2" in note._repr_html_()


def test_verdicts_are_ordered():
    assert State.NOT_ATTEMPTED.rank < State.INCORRECT.rank < State.CORRECT.rank
