import pytest

from lab.errors import InputError
from lab.rag.answer import Answer
from lab.rag.conversation import Conversation, leans

FIRST = "Is the data deleted when I remove the container?"


class Pipeline:
    """Answers every question with one sentence, and condenses as it was told."""

    def __init__(self, settings):
        self.settings = settings
        self.helper = self
        self.asked, self.condensed = [], ""

    def ask(self, question, where=None):
        self.asked.append(question)
        return Answer(question, "A named volume keeps the data.", "quoted")

    def write(self, task, **values):
        self.values = values
        return self.condensed


@pytest.fixture
def pipeline(settings):
    return Pipeline(settings)


@pytest.fixture
def chat(pipeline):
    chat = Conversation(pipeline)
    chat.ask(FIRST)
    return chat


@pytest.mark.parametrize(
    "question",
    ["And with a volume?", "Why?", "How do I delete it?", "What about volumes?", "それはどこですか？", "では、ポートは？", "how so"],
)
def test_a_question_that_refers_to_something_is_noticed(question):
    assert leans(question)


@pytest.mark.parametrize(
    "question",
    [
        "Which port does Chroma listen on?",
        FIRST,
        "Why does Docker say that the port is in use?",
        "コンテナを削除するとデータは消えますか？",
    ],
)
def test_a_question_that_stands_alone_is_asked_as_it_is(chat, pipeline, question):
    assert not leans(question)
    chat.ask(question)
    assert pipeline.asked[-1] == question


def test_a_faithful_condensed_question_is_asked(chat, pipeline):
    pipeline.condensed = "Is the data deleted when I remove the container with a volume?"
    answer = chat.ask("And with a volume?")
    assert pipeline.asked[-1] == pipeline.condensed
    assert (answer.question, answer.notes[0]) == ("And with a volume?", f"Understood as: {pipeline.condensed}")


@pytest.mark.parametrize(
    "condensed", ["", "And with a volume?", "Is the data deleted?", "Is the data of my volume deleted by Kubernetes?", "volume " * 400]
)
def test_words_that_are_lost_or_invented_put_the_question_before_in_front(chat, pipeline, condensed):
    pipeline.condensed = condensed
    chat.ask("And with a volume?")
    assert pipeline.asked[-1] == f"{FIRST} And with a volume?"


def test_one_follow_up_after_another_does_not_grow(chat, pipeline):
    for _ in range(5):
        chat.ask("And with a volume?")
    assert pipeline.asked[-1] == f"{FIRST} And with a volume?"


def test_what_is_too_long_together_is_asked_alone(chat, pipeline, monkeypatch):
    ask = pipeline.ask

    def short(question, where=None):
        if question.startswith(FIRST):
            raise InputError("A text is longer than all-minilm reads.", "Use fewer words.")
        return ask(question, where)

    monkeypatch.setattr(pipeline, "ask", short)
    answer = chat.ask("And with a volume?")
    assert (pipeline.asked[-1], answer.notes) == ("And with a volume?", [])
    assert chat.turns[-1].question == "And with a volume?"


def test_the_model_sees_earlier_questions_and_answers(chat, pipeline):
    chat.ask("And with a volume?")
    assert pipeline.values["history"] == f"Question: {FIRST}\nAnswer: A named volume keeps the data."


def test_history_is_bounded(pipeline):
    chat = Conversation(pipeline)
    for number in range(20):
        chat.ask(f"Which port does service {number} listen on?")
    assert len(chat.turns) == pipeline.settings.history_turns
    assert chat.turns[-1].question.endswith("19 listen on?")


def test_without_history_every_question_stands_alone(pipeline, changed):
    pipeline.settings = changed(history_turns=0)
    chat = Conversation(pipeline)
    chat.ask(FIRST)
    chat.ask("And with a volume?")
    assert pipeline.asked == [FIRST, "And with a volume?"]


def test_a_long_question_before_is_left_out(pipeline):
    chat = Conversation(pipeline)
    chat.ask("port " * 399)
    chat.ask("And why?")
    assert pipeline.asked[-1] == "And why?"


def test_a_question_that_cannot_be_asked_is_no_turn(chat):
    with pytest.raises(InputError, match="empty"):
        chat.ask(" ")
    assert len(chat.turns) == 1


def test_a_talk_can_be_read_again(chat):
    assert str(chat).startswith(f"> {FIRST}\nA named volume keeps the data.")
    assert "A named volume" in chat._repr_html_()
