"""Guardrails: figures that may not get worse by more than a margin, whatever the deciding figure says."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Literal

from lab.evaluate.ab.comparison import Comparison, compare
from lab.evaluate.ab.metric import metric
from lab.evaluate.ab.plan import Guardrail

State = Literal["holds", "broken", "unclear"]


@dataclass(frozen=True)
class Guard:
    """How much worse a variant is, at best and at worst, in the margin's unit; unclear when the interval holds the margin."""

    metric: str
    variant: str
    margin: float
    at_best: float | None
    at_worst: float | None
    state: State

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def guard(rail: Guardrail, baseline: tuple[str, Sequence[float]], variant: tuple[str, Sequence[float]], alpha: float) -> Guard:
    """Judge one guardrail. Without enough values it is unclear, and what is unclear does not win."""
    found = compare(rail.metric, baseline, variant, alpha)
    if not found:
        return Guard(rail.metric, variant[0], rail.margin, None, None, "unclear")
    best, worst = _worse(found, baseline[1])
    state: State = "holds" if worst <= rail.margin else "broken" if best > rail.margin else "unclear"
    return Guard(rail.metric, variant[0], rail.margin, best, worst, state)


def _worse(found: Comparison, before: Sequence[float]) -> tuple[float, float]:
    """The interval of the difference, turned so that more is worse; for times as a share of the baseline's median."""
    kind = metric(found.metric)
    low, high = (-found.high, -found.low) if kind.higher_is_better else (found.low, found.high)
    scale = (median(before) or 1.0) if kind.kind == "time" else 1.0
    return low / scale, high / scale
