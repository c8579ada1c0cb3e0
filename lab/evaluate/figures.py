"""The figures of a run, each as what one question adds to it: summaries, intervals and the regression gate share them.

A figure is the sum of the questions' parts divided by the sum of their wholes. Most wholes are 1, which makes it a mean; where
answers or sentences are counted, a question brings as many as it has. A question that does not count brings None.

Retrieval, for the questions that have an answer: see lab/evaluate/ranking.py. A passage counts from grade 2 (the right section), for
`article@3` from grade 1 (the right article).

Answers, for the questions of one language:

shown_correct         of the answerable questions that got an answer, the share whose answer is right
answerable_correct    the same of all answerable questions: a refusal counts as wrong
refused_unanswerable  of the questions that the documents cannot answer, the share that is refused
refused_answerable    of the answerable questions, the share that is refused although the documents answer it
wrong_supported       of all sentences shown with a citation, the share that the model wrote and that stand in a wrong answer
wrong_of_model        the same of the sentences that the model wrote and that are shown with a citation
faithful              of all sentences that the model wrote and that are shown, the share that a passage supports

Answers that a model judged (`lab eval --judge MODEL`), one by one, from 1 to 5:

judge_points          mean of the points; an answer without points is in `judge_failed` instead
judge_failed          of the judged answers, the share for which the judge gave no points that can be used

A quoted sentence stands in the documents as it is shown, so it is never a wrong sentence, only sometimes no answer:
that is what `shown_correct` counts. Every cited sentence of a wrong answer counts as wrong, also a true one beside it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from lab.evaluate import ranking
from lab.evaluate.intervals import Interval, bootstrap, mean_interval, ratio_interval
from lab.evaluate.relevance import ARTICLE, SECTION
from lab.evaluate.run import DEPTH, Row

Value = float | None


@dataclass(frozen=True)
class Figure:
    """A name, and what a question's row adds: its part, and its whole. `share`: the parts are from 0 to 1."""

    name: str
    part: Callable[[Row], Value]
    whole: Callable[[Row], float] = lambda row: 1.0
    share: bool = True

    def pairs(self, rows: Iterable[Row]) -> list[tuple[float, float]]:
        """Part and whole of each question that counts."""
        found = ((self.part(row), self.whole(row)) for row in rows)
        return [(part, whole) for part, whole in found if part is not None and whole]

    def value(self, rows: Iterable[Row]) -> Value:
        """The figure of these questions; None when none counts."""
        pairs = self.pairs(rows)
        return sum(part for part, _ in pairs) / sum(whole for _, whole in pairs) if pairs else None

    def interval(self, rows: Iterable[Row]) -> Interval | None:
        """The figure with its interval; None where fewer than two questions count."""
        pairs = self.pairs(rows)
        if len(pairs) < 2:
            return None
        parts, wholes = zip(*pairs, strict=True)
        if not self.share:
            return bootstrap(np.mean, parts)
        return mean_interval(parts) if set(wholes) == {1.0} else ratio_interval(parts, wholes)


def _hit(k: int, least: int = SECTION) -> Callable[[Row], Value]:
    return lambda row: float(ranking.hit(row["grades"], k, least))


RETRIEVAL = (
    *(Figure(f"hit@{k}", _hit(k)) for k in (1, 3, DEPTH)),
    Figure("article@3", _hit(3, ARTICLE)),
    Figure("mrr", lambda row: ranking.reciprocal_rank(row["grades"], SECTION)),
    Figure("ndcg", lambda row: ranking.ndcg(row["grades"], row["judged"], DEPTH)),
    Figure("precision@3", lambda row: ranking.precision(row["grades"], 3, SECTION)),
    Figure("recall@3", lambda row: ranking.recall(row["grades"], row["judged"], 3, SECTION)),
    Figure("f1@3", lambda row: ranking.f1(row["grades"], row["judged"], 3, SECTION)),
    Figure(f"recall@{DEPTH}", lambda row: ranking.recall(row["grades"], row["judged"], DEPTH, SECTION)),
    Figure("map", lambda row: ranking.average_precision(row["grades"], row["judged"], SECTION)),
)


def _correct(row: Row) -> Value:
    return float(row["correct"]) if row["answerable"] else None


def _refused(answerable: bool) -> Callable[[Row], Value]:
    return lambda row: float(row["state"] == "refused") if row["answerable"] is answerable else None


def _state(name: str) -> Figure:
    return Figure(name, lambda row: float(row["state"] == name))


def _own(row: Row, count: float) -> float:
    """Sentences of an answer that the model wrote; a quote has none."""
    return count if row["state"] == "grounded" else 0.0


def _wrong(row: Row) -> float:
    return _own(row, 0.0 if row["correct"] else row["supported"])


ANSWERS = (
    Figure("shown_correct", lambda row: None if row["state"] == "refused" else _correct(row)),
    Figure("answerable_correct", _correct),
    Figure("refused_unanswerable", _refused(answerable=False)),
    Figure("refused_answerable", _refused(answerable=True)),
    *(_state(name) for name in ("grounded", "quoted", "refused")),
    Figure("wrong_supported", _wrong, lambda row: row["supported"]),
    Figure("wrong_of_model", _wrong, lambda row: _own(row, row["supported"])),
    Figure("faithful", lambda row: _own(row, row["supported"]), lambda row: _own(row, row["supported"] + row["unsupported"])),
)

JUDGED = (
    Figure("judge_points", lambda row: row["judge"]["points"] if "judge" in row else None, share=False),
    Figure("judge_failed", lambda row: float(row["judge"]["points"] is None) if "judge" in row else None),
)
