"""What can be measured of an answer, of which kind each figure is, and which direction is better.

share   yes or no, for each question: hit@3, failed. Tests of proportions.
mean    a number whose mean says what matters: mrr. Welch's test.
time    skewed, with a long tail: a mean is moved by a few slow ones. Ranks, medians, p95.
"""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["share", "mean", "time"]
FAILED = "failed"


@dataclass(frozen=True)
class Metric:
    """`if_failed` is the value of a question that was not answered at all; None: it has none."""

    name: str
    kind: Kind
    higher_is_better: bool
    if_failed: float | None = None


def _right(name: str) -> Metric:
    return Metric(name, "share", True, if_failed=0.0)


KNOWN = {
    one.name: one
    for one in (
        _right("correct"),
        Metric("mrr", "mean", True, if_failed=0.0),
        Metric(FAILED, "share", False, if_failed=1.0),
        Metric("refused", "share", False),
        Metric("judge_failed", "share", False),
        Metric("characters", "mean", False),
    )
}


def metric(name: str) -> Metric:
    """A known figure; hit@k of any k is right or wrong, what ends in _ms a time, and anything else a mean that had better be high."""
    if name.endswith("_ms"):
        return Metric(name, "time", False)
    if re.fullmatch(r"hit@\d+", name):
        return _right(name)
    return KNOWN.get(name, Metric(name, "mean", True))
