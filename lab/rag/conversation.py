"""Questions that build on each other: each follow-up is made into a question that can be understood alone, then asked."""

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lab.errors import InputError
from lab.rag.answer import Answer
from lab.rag.chat_model import Helper
from lab.rag.question import LONGEST, asked
from lab.rag.words import terms
from lab.settings import Settings

TOLD = 400  # characters of an earlier answer that the model sees again
FEW = 2  # words that say something: a question with fewer of them leans on what was said before
SOME = 4  # fewer of them, and a word like `it`, is leaning too
CONTINUES = re.compile(r"^\W*(?:and|but|so|then|or|what about|how about|why\s*\?|else)\b|^(?:では|じゃあ|でも|そして|また)", re.IGNORECASE)
REFERS = re.compile(
    r"\b(?:it|its|they|them|their|these|those|one|ones|same|former|latter|instead)\b|\b(?:that|this)\W*$|それ|その|これ|この|そこ|同じ",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Turn:
    """One question as it was asked and as it was understood, with its answer."""

    asked: str
    question: str
    answer: Answer


class Asks(Protocol):
    """What a conversation needs of a pipeline."""

    settings: Settings
    helper: Helper

    def ask(self, question: str, where: Mapping[str, str | Sequence[str]] | None = None) -> Answer:
        """Answer one question."""


class Conversation:
    """Turns of one talk; the last HISTORY_TURNS are kept. Nothing of it is stored."""

    def __init__(self, rag: Asks):
        self.rag = rag
        self.turns: deque[Turn] = deque(maxlen=rag.settings.history_turns)
        self.subject = ""  # the last question that stood alone

    def ask(self, question: str, where: Mapping[str, str | Sequence[str]] | None = None) -> Answer:
        """Answer a question in the light of the earlier ones. A note says how a follow-up was understood."""
        question = asked(question)
        alone = self.standalone(question)
        try:
            answer = self.rag.ask(alone, where)
        except InputError:  # together they may be longer than the embedding model reads
            if alone == question:
                raise
            alone, answer = question, self.rag.ask(question, where)
        if not self.subject or not leans(question):
            self.subject = question
        self.turns.append(Turn(question, alone, answer))
        if alone != question:
            answer.question = question
            answer.notes.insert(0, f"Understood as: {alone}")
        return answer

    def standalone(self, question: str) -> str:
        """The question with what it refers to; as it is when it refers to nothing.

        A small model often loses what was asked. Its words count only when they keep the question's and add none that
        nobody has said; otherwise the last question that stood alone goes in front, as it was asked: a search understands that as well.
        """
        if not self.turns or not leans(question):
            return question
        written = self.rag.helper.write("condense", history=self._history(), question=question).split("\n")[0].strip()
        if self._faithful(written, question):
            return written
        both = f"{self.subject} {question}"
        return both if len(both) <= LONGEST else question

    def _history(self) -> str:
        return "\n".join(f"Question: {turn.question}\nAnswer: {turn.answer.answer[:TOLD]}" for turn in self.turns)

    def _faithful(self, written: str, question: str) -> bool:
        said = {term for turn in self.turns for text in (turn.question, turn.answer.answer) for term in terms(text)}
        new, own = set(terms(written)), set(terms(question))
        return own < new <= own | said and len(written) <= LONGEST

    def __str__(self) -> str:
        return "\n\n".join(f"> {turn.asked}\n{turn.answer}" for turn in self.turns)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return "\n".join(turn.answer._repr_html_() for turn in self.turns)


def leans(question: str) -> bool:
    """True when the question seems to refer to what was said before."""
    says = len(set(terms(question)))
    return bool(CONTINUES.search(question)) or says < FEW or (says < SOME and bool(REFERS.search(question)))
