"""Metrics of one question's ranking; reports show their means over the questions.

A ranking is a list of grades, best place first. 0 means not relevant, more means more relevant; `least` is the grade from which
a passage counts as relevant. `judged` holds the grades of everything that the collection has for this question.

precision@k   relevant ones among the first k, divided by k, also when fewer than k were found
recall@k      relevant ones among the first k, divided by all relevant ones
F1@k          harmonic mean of the two
hit@k         1 when one of the first k is relevant, else 0; also called success@k
MRR           mean over the questions of 1 / place of the first relevant one, 0 without one
MAP           mean over the questions of average precision: precision at each relevant place, summed, divided by all relevant ones
nDCG@k        gain / log2(place + 1), summed over the first k, divided by the sum of the best possible order

A question without a relevant document has no recall, F1, average precision and nDCG: None, and means leave it out. As 0 it would
lower the mean although no search could have done better. The values agree with trec_eval's.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import mean

from lab.errors import InputError

Gain = Callable[[int], float]


def linear(grade: int) -> float:
    """The gain of trec_eval: the grade itself."""
    return float(grade)


def exponential(grade: int) -> float:
    """The gain of Burges et al. (2005): 2 ** grade - 1. Grades 0 and 1 are the same in both; 2 counts as three times 1 here."""
    return 2.0**grade - 1


def precision(grades: Sequence[int], k: int, least: int = 1) -> float:
    """Relevant ones among the first k, divided by k."""
    return _relevant(first(grades, k), least) / k


def recall(grades: Sequence[int], judged: Sequence[int], k: int, least: int = 1) -> float | None:
    """Relevant ones among the first k, divided by all relevant ones; None when there are none."""
    every = _every(grades, judged, least)
    return _relevant(first(grades, k), least) / every if every else None


def f1(grades: Sequence[int], judged: Sequence[int], k: int, least: int = 1) -> float | None:
    """Harmonic mean of precision and recall: high only when both are."""
    found = recall(grades, judged, k, least)
    if found is None:
        return None
    exact = precision(grades, k, least)
    return 2 * exact * found / (exact + found) if exact + found else 0.0


def hit(grades: Sequence[int], k: int, least: int = 1) -> bool:
    """True when one of the first k is relevant."""
    return any(one >= least for one in first(grades, k))


def reciprocal_rank(grades: Sequence[int], least: int = 1) -> float:
    """1 divided by the place of the first relevant one; 0 when there is none."""
    return next((1 / place for place, one in enumerate(grades, start=1) if one >= least), 0.0)


def average_precision(grades: Sequence[int], judged: Sequence[int], least: int = 1) -> float | None:
    """Precision at the place of each relevant one, summed, divided by all relevant ones: those not found count as 0."""
    every = _every(grades, judged, least)
    places = [place for place, one in enumerate(grades, start=1) if one >= least]
    return sum(number / place for number, place in enumerate(places, start=1)) / every if every else None


def ndcg(grades: Sequence[int], judged: Sequence[int], k: int, gain: Gain = exponential) -> float | None:
    """Normalised discounted cumulative gain: 1 when no other order of all that was judged would be better."""
    best = _dcg(first(sorted(judged, reverse=True), k), gain)
    _every(grades, judged, 1)
    return _dcg(first(grades, k), gain) / best if best else None


def average(values: Iterable[float | None]) -> float | None:
    """The mean over the questions that count; None when none does."""
    counted = [one for one in values if one is not None]
    return mean(counted) if counted else None


def first(grades: Sequence[int], k: int) -> Sequence[int]:
    """The first k places. Raises InputError for a cut-off that is none: `[:None]` or `[:-1]` would be another metric."""
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise InputError(f"The cut-off k is {k!r}, but it counts places.", "Give a whole number from 1 on: k=5")
    return grades[:k]


def _every(grades: Sequence[int], judged: Sequence[int], least: int) -> int:
    """How many relevant ones there are. More found than there are would give a share above 1, so that is an error."""
    there = _relevant(judged, least)
    if _relevant(grades, least) > there:
        what = f"{_relevant(grades, least)} relevant documents were found, but only {there} were judged relevant."
        raise InputError(what, "Judge everything that the index holds, at the same level of ids.")
    return there


def _relevant(grades: Sequence[int], least: int) -> int:
    return sum(one >= least for one in grades)


def _dcg(grades: Sequence[int], gain: Gain) -> float:
    return sum(gain(one) / math.log2(place + 1) for place, one in enumerate(grades, start=1))
