"""Guardrails: figures that may not get worse by more than a margin, whatever the deciding figure says."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

from lab.evaluate.ab.comparison import compare
from lab.evaluate.ab.metric import metric
from lab.evaluate.ab.plan import Guardrail

if TYPE_CHECKING:
    import numpy as np

State = Literal["holds", "broken", "unclear"]
Group = tuple[str, Sequence[float]]
Ends = tuple[float, float]


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


def guard(rail: Guardrail, baseline: Group, variant: Group, alpha: float) -> Guard:
    """Judge one guardrail. Without enough values it is unclear, and what is unclear does not win."""
    is_time = metric(rail.metric).kind == "time"
    interval = _slower(baseline[1], variant[1], alpha) if is_time else _worse(rail.metric, baseline, variant, alpha)
    if not interval:
        return Guard(rail.metric, variant[0], rail.margin, None, None, "unclear")
    best, worst = interval
    state: State = "holds" if worst <= rail.margin else "broken" if best > rail.margin else "unclear"
    return Guard(rail.metric, variant[0], rail.margin, best, worst, state)


def _worse(name: str, baseline: Group, variant: Group, alpha: float) -> Ends | None:
    """The interval of the difference, turned so that more is worse; None with too few values."""
    found = compare(name, baseline, variant, alpha)
    if not found:
        return None
    return (-found.high, -found.low) if metric(name).higher_is_better else (found.low, found.high)


def _slower(before: Sequence[float], after: Sequence[float], alpha: float) -> Ends | None:
    """The interval of the growth of the median, as a share of the baseline's; None with too few values, or where that may be 0."""
    if min(len(before), len(after)) < 2 or not median(before):
        return None
    from lab.evaluate.intervals import bootstrap

    found = bootstrap(_growth, before, after, level=1 - alpha)
    return (found.low, found.high) if math.isfinite(found.high) else None


def _growth(before: "np.ndarray", after: "np.ndarray", axis: int = -1) -> Any:
    """Both medians are drawn again: the baseline's is an estimate too."""
    import numpy as np

    return np.median(after, axis=axis) / np.median(before, axis=axis) - 1
