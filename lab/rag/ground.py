"""Is it in the sources? Each sentence of a draft is held against the retrieved passages; failing that, they are quoted.

Similarity is on the scale of `retrieve.likeness`, so that one set of thresholds serves every embedding model. What stands
here was found by `lab eval --calibrate` on the calibration half of corpus/questions.jsonl.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lab.rag.answer import Citation, Sentence
from lab.rag.embedding_models import about, reads
from lab.rag.exact import denies, missing, particle, same_numbers, unknown_names, unknown_numbers
from lab.rag.retrieve import WORDS, Hit, likeness
from lab.rag.sentences import is_question, sentences
from lab.rag.split import LONGEST
from lab.rag.words import Lexicon, terms

# Likeness of the nearest sentence + WORDS × cover, below which the documents do not answer the question. With all-minilm
# this refuses 0.88 of the English questions that they cannot answer, and 0.13 of the others (0.70 refused 0.85 and 0.03).
COVERED = 0.78
BY_WORDS = 0.26  # the same for the cover alone, where the embedding model cannot read the question
UNKNOWN = 0.2  # taken off when the question has a number that the passages do not know
# The same for a name: of the calibration half, 8 % of the questions that have an answer and 65 % of the English others have one.
STRANGE = 0.1
LATER = 0.05  # what a source sentence loses per place of its passage
QUOTED = 4  # sentences in a quote at most: 3 hold the answer for 0.73 of the English questions, 4 for 0.82
NEAR = 0.5  # share of the best sentence's score that the others of a quote must reach
SUPPORTED = 0.84  # mean of similarity and shared words of a draft's sentence and its source
KNOWN = 0.8  # weight of a draft sentence's words that must occur in the passage
OPPOSED = 0.1  # a source that says the opposite counts when it is about as close as the one that agrees
CLOSE = 0.8  # share of the best source's rank from which a source answers the question
HALF = 0.5  # share of a draft's sentences that must be supported for the draft to be shown
LABEL = re.compile(r"^\s*(?:question|answer)\s*:\s*", re.IGNORECASE)
NEW = 0.2  # weight of a draft sentence's words that must not be those of the question: else it only says the question again
WORDY = 2  # different words that a statement has at least; "is 100 %." is a piece of one


@dataclass(frozen=True)
class Source:
    """A sentence of a passage. `rank` says how well it answers the question, `hit` which passage it is from (0 is the best)."""

    text: str
    hit: int
    likeness: float  # to the question
    rank: float
    words: frozenset[str]


Embed = Callable[[list[str]], np.ndarray]


class Evidence:
    """The passages for one question, as sentences with vectors. `supported` is the support from which a sentence counts."""

    def __init__(
        self, embed: Embed, lexicon: Lexicon, question: str, vector: list[float], hits: list[Hit], model: str, supported: float = SUPPORTED
    ):
        self.embed, self.lexicon, self.hits, self.supported = embed, lexicon, hits, supported
        self.question, self.asked = question, set(terms(question))
        self.floor = about(model).floor
        self.readable = reads(model, question)  # else similarity is noise, and words alone decide
        texts = {text: place for place in reversed(range(len(hits))) for text in sentences(hits[place].text) if not is_question(text)}
        self.vectors = embed([f"{heading(hits[place])}: {text}" for text, place in texts.items()])
        near = self._alike(np.asarray(vector, dtype=np.float32))
        self.sources = [self._source(text, place, float(score)) for (text, place), score in zip(texts.items(), near, strict=True)]

    def _alike(self, vector: np.ndarray) -> np.ndarray:
        """Likeness of a text to each source sentence."""
        if not self.readable or not self.vectors.size:  # no width: none could be embedded
            return np.zeros(len(self.vectors))
        return np.asarray(likeness(self.vectors @ vector, self.floor))

    def _source(self, text: str, place: int, similarity: float) -> Source:
        words = frozenset(terms(text))
        return Source(text, place, similarity, similarity + WORDS * self.lexicon.cover(self.asked, words) - LATER * place, words)

    def coverage(self) -> float:
        """How well the passages fit the question: the nearest sentence's likeness and the words of the best passage."""
        fit = max((hit.cover for hit in self.hits), default=0.0)
        if self.readable:
            near = [source.likeness for source in self.sources] or [likeness(hit.score, self.floor) for hit in self.hits]
            fit = WORDS * fit + max(near, default=0.0)
        return fit - self._unknown()

    def _unknown(self) -> float:
        """What is taken off because the passages do not know what is asked about."""
        known = "\n".join(f"{hit.section}\n{hit.text}" for hit in self.hits)
        if unknown_numbers(self.question, known):
            return UNKNOWN
        return STRANGE if unknown_names(self.question, known) else 0.0

    def covered(self) -> bool:
        """True when the documents seem to hold an answer."""
        return bool(self.hits) and self.coverage() >= (COVERED if self.readable else BY_WORDS)

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
        if not self.sources or len(words) < WORDY or self._is_heading(text) or not vector.size:  # no vector: it is too long to be read
            return None, 0.0
        shared = [self.lexicon.cover(words, source.words) for source in self.sources]
        support = (np.maximum(self._alike(vector), 0) + np.asarray(shared)) / 2 if self.readable else np.asarray(shared)
        best = self.sources[int(support.argmax())]
        sound = support.max() >= self.supported and self._known(words, best) and not self._opposed(text, support)
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
        return denies(text) != denies(self.question) or self.lexicon.cover(words, words - self.asked) >= NEW

    def _is_heading(self, text: str) -> bool:
        """A small model repeats the headings above its passage as if they were an answer."""
        return any(text.rstrip(".。") in hit.headed for hit in self.hits)


def heading(hit: Hit) -> str:
    """The heading right above a passage; of a long one its end, as in the chunk."""
    text = hit.section.split(" > ")[-1] or hit.title
    return text if len(text) <= LONGEST else f"…{text[-LONGEST:]}"


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
