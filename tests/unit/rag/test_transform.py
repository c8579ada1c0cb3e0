import pytest

from lab.rag.transform import LONGEST, Wording, wordings


class Says:
    """A helper that writes what it was told to."""

    def __init__(self, written):
        self.written = written

    def write(self, task, **values):
        return self.written


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("Which port has Chroma?", "Which port has Chroma?"),
        ('1) "Which port has Chroma?"\nmore', "Which port has Chroma?"),
        ("- Which port has Chroma?", "Which port has Chroma?"),
        ("", "Port?"),
        ("\n  \n", "Port?"),
        ("...\n?", "Port?"),
        ("...\nWhich port has Chroma?", "Which port has Chroma?"),
        ("x" * (LONGEST + 1), "Port?"),
    ],
)
def test_a_rewritten_question_is_one_line_or_the_question_itself(written, found):
    assert wordings(Says(written), "rewrite", "Port?") == [Wording(found)]


def test_several_wordings_begin_with_the_question_and_repeat_none():
    written = "1. Which port?\n2. Port?\n3. What number?\n4. One more?"
    assert [one.text for one in wordings(Says(written), "multi-query", "Port?")] == ["Port?", "Which port?", "What number?"]


def test_a_hypothetical_passage_is_kept_short_and_beside_the_question():
    (one,) = wordings(Says("word " * 1000), "hyde", "Port?")
    assert (one.text, len(one.meant)) == ("Port?", 3 * LONGEST)


def test_without_a_transform_the_model_is_not_asked():
    assert wordings(None, "none", "Port?") == [Wording("Port?")]
