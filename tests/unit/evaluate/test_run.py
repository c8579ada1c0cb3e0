import pytest

from lab.evaluate.facts import correct
from lab.evaluate.questions import Question
from lab.evaluate.run import answer, retrieve
from lab.rag.answer import Answer, Citation, Sentence
from lab.rag.retrieve import Hit
from lab.settings import load_settings

ASKED = Question("q1", "en", "Are models kept?", "Yes.", (("kept",),), "a.md", "Backup")
OTHER = Question("q2", "ja", "天気は？", None, (), None, None)


class FakeRag:
    """Finds one passage, and says one sentence."""

    def __init__(self, state: str = "grounded"):
        self.state = state
        self.settings = load_settings(corpus="corpus")
        self.asked: list[dict[str, str]] = []

    def search(self, question: str, k: int, where: dict[str, str]) -> list[Hit]:
        self.asked.append(where)
        return [Hit(str(n), "text", "a.md", section, "A", 0.5, 0.5) for n, section in enumerate(("A > Other", "A > Backup"))]

    def ask(self, question: str, where: dict[str, str]) -> Answer:
        self.asked.append(where)
        said = [Sentence("Models are kept.", 1, 0.9), Sentence("Cats too.", None, 0.1)]
        cited = [Citation(1, "a.md", "A > Backup", "text")]
        return Answer(question, "Models are kept. Cats too.", self.state, said, cited, {"total": 5.0})


@pytest.fixture
def steps() -> list[tuple[int, int, str]]:
    return []


def test_only_questions_with_an_answer_are_searched_for(steps):
    every = [("a.md", "A > Other", "text"), ("a.md", "A > Backup", "text")]
    (row,) = retrieve(FakeRag(), "dense", [ASKED, OTHER], every, lambda *step: steps.append(step))
    assert (row["id"], row["mode"], row["grades"], row["found"]) == ("q1", "dense", [1, 2], ["0", "1"])
    assert row["judged"] == [2, 1]
    assert steps == [(0, 1, "searching, dense"), (1, 1, "searching, dense")]


def test_every_question_is_answered_and_judged(steps):
    rows = answer(FakeRag(), [ASKED, OTHER], lambda *step: steps.append(step))
    assert [row["correct"] for row in rows] == [True, False]
    assert (rows[0]["supported"], rows[0]["unsupported"], rows[0]["sources"]) == (1, 1, ["a.md, A > Backup"])
    assert len(steps) == 3


def test_refusing_is_right_where_the_documents_have_no_answer():
    rows = answer(FakeRag("refused"), [ASKED, OTHER], lambda *step: None)
    assert rows[1]["correct"]


def test_a_refusal_of_an_answerable_question_is_judged_by_its_words():
    assert not correct(ASKED, "Not in these documents.")


def test_only_the_documents_that_the_questions_are_about_are_searched():
    rag = FakeRag()
    retrieve(rag, "dense", [ASKED], [], lambda *step: None)
    answer(rag, [ASKED], lambda *step: None)
    assert rag.asked == [{"folder": "corpus"}] * 2
