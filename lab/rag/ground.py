"""Is it in the sources? Each sentence of a draft is held against the retrieved passages; failing that, they are quoted.

All thresholds stand here. They were chosen with all-minilm on the 114 questions of tests/integration/rag/questions.jsonl:
70 of 73 that the handbook answers are answered (62 with the expected words), 40 of 41 others are refused.
Another embedding model has another scale of similarity and needs thresholds of its own.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lab.rag.answer import Citation, Sentence
from lab.rag.exact import denies, missing, particle, same_numbers, unknown_numbers
from lab.rag.retrieve import WORDS, Hit
from lab.rag.sentences import is_question, sentences
from lab.rag.words import Lexicon, terms

COVERED = 0.64  # similarity + WORDS × cover of the best passage, below which the documents do not answer the question
UNKNOWN = 0.2  # what is needed above that when the question has a number that the passages do not know
LATER = 0.05  # what a source sentence loses per place of its passage
QUOTED = 3  # sentences in a quote at most
NEAR = 0.6  # share of the best sentence's score that the others of a quote must reach
SUPPORTED = 0.7  # mean of similarity and shared words of a draft's sentence and its source
KNOWN = 0.8  # weight of a draft sentence's words that must occur in the passage
OPPOSED = 0.1  # a source that says the opposite counts when it is about as close as the one that agrees
CLOSE = 0.8  # share of the best source's rank from which a source answers the question
HALF = 0.5  # share of a draft's sentences that must be supported for the draft to be shown
LABEL = re.compile(r"^\s*(?:question|answer)\s*:\s*", re.IGNORECASE)
OPEN = re.compile(r"^\W*(?:what|which|who|whose|when|where|why|how)\b", re.IGNORECASE)  # questions that yes or no does not answer


def covered(question: str, hits: list[Hit]) -> bool:
    """True when the documents seem to hold an answer."""
    unknown = unknown_numbers(question, "\n".join(f"{hit.section}\n{hit.text}" for hit in hits))
    return bool(hits) and max(hit.rank for hit in hits) >= COVERED + (UNKNOWN if unknown else 0)


@dataclass(frozen=True)
class Source:
    """A sentence of a passage. `rank` says how well it answers the question, `hit` which passage it is from (0 is the best)."""

    text: str
    hit: int
    rank: float
    words: frozenset[str]


class Evidence:
    """The passages for one question, as sentences with vectors."""

    def __init__(self, embed: Callable[[list[str]], np.ndarray], lexicon: Lexicon, question: str, vector: list[float], hits: list[Hit]):
        self.embed, self.lexicon, self.hits = embed, lexicon, hits
        self.question, self.asked = question, set(terms(question))
        found = {text: place for place in reversed(range(len(hits))) for text in sentences(hits[place].text) if not is_question(text)}
        self.vectors = embed([f"{heading(hits[place])}: {text}" for text, place in found.items()])
        near = self.vectors @ np.asarray(vector, dtype=np.float32) if found else np.zeros(0)
        self.sources = [self._source(text, place, float(score)) for (text, place), score in zip(found.items(), near, strict=True)]

    def _source(self, text: str, place: int, similarity: float) -> Source:
        words = frozenset(terms(text))
        return Source(text, place, similarity + WORDS * self.lexicon.cover(self.asked, words) - LATER * place, words)

    def quote(self) -> list[Source]:
        """The sentences that answer the question best, in the order of their passages."""
        best = sorted(self.sources, key=lambda source: -source.rank)[:QUOTED]
        chosen = [source for source in best if source.rank >= NEAR * best[0].rank]
        order = {source.text: place for place, source in enumerate(self.sources)}
        first = chosen[0].hit if chosen else 0
        return sorted(chosen, key=lambda source: (source.hit != first, source.hit, order[source.text]))

    def check(self, draft: str) -> list[tuple[str, Source | None, float]]:
        """Each statement of a draft with the source that supports it, or None, and how much it does."""
        stated = list(dict.fromkeys(LABEL.sub("", text) for text in sentences(draft) if not is_question(text)))
        vectors = self.embed(stated)
        return [(text, *self._support(text, vector)) for text, vector in zip(stated, vectors, strict=True)]

    def _support(self, text: str, vector: np.ndarray) -> tuple[Source | None, float]:
        words = set(terms(text))
        if not self.sources or not words or not vector.size:  # no vector: the sentence is longer than the model reads
            return None, 0.0
        shared = [self.lexicon.cover(words, source.words) for source in self.sources]
        support = (np.maximum(self.vectors @ vector, 0) + np.asarray(shared)) / 2
        best = self.sources[int(support.argmax())]
        sound = support.max() >= SUPPORTED and self._known(words, best) and not self._opposed(text, support)
        sound = sound and self._answers(text, words, best) and same_numbers(text, best.text)
        sound = sound and not missing(text, "\n".join(hit.text for hit in self.hits))
        return best if sound else None, round(min(float(support.max()), 1.0), 3)

    def _known(self, words: set[str], best: Source) -> bool:
        """The passage knows the sentence's words: a word from nowhere is invented."""
        hit = self.hits[best.hit]
        return self.lexicon.cover(words, terms(f"{hit.section}\n{hit.text}")) >= KNOWN

    def _opposed(self, text: str, support: np.ndarray) -> bool:
        """A source sentence about the same thing says the opposite: similarity cannot tell a sentence from its denial."""
        against = [score for score, source in zip(support, self.sources, strict=True) if denies(source.text) != denies(text)]
        return bool(against) and max(against) >= support.max() - OPPOSED

    def _answers(self, text: str, words: set[str], best: Source) -> bool:
        """It rests on a sentence that answers the question, and does not only say the question again."""
        if best.rank < CLOSE * max(source.rank for source in self.sources):
            return False
        said = particle(text)
        if said:  # a yes or no repeats the question and agrees with its own sentence
            return (said == "no") == denies(text) and self.lexicon.cover(self.asked, words) >= KNOWN
        return bool(words - self.asked) or denies(text) or not OPEN.match(self.question)


def heading(hit: Hit) -> str:
    """The heading right above a passage."""
    return hit.section.split(" > ")[-1] or hit.title


def holds(statements: list[tuple[str, Source | None, float]]) -> bool:
    """True when enough of a draft is supported to show it, its other sentences marked."""
    return bool(statements) and sum(source is not None for _, source, _ in statements) >= HALF * len(statements)


def cite(statements: list[tuple[str, Source | None, float]], hits: list[Hit]) -> tuple[list[Sentence], list[Citation]]:
    """Number the passages in the order in which the statements rest on them."""
    numbers: dict[int, int] = {}
    told = []
    for text, source, support in statements:
        number = numbers.setdefault(source.hit, len(numbers) + 1) if source else None
        told.append(Sentence(text, number, support))
    return told, [Citation(number, hits[hit].source, hits[hit].section, hits[hit].text) for hit, number in numbers.items()]
