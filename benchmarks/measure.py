"""The tools of a paired measurement: taking turns, the row of a result, a condition that holds or not."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass
class Row:
    """One measured figure. `goal` says on which side of `limit` the figure has to be."""

    name: str
    ratio: float
    limit: float
    goal: Literal["at least", "at most"]
    unit: str = "ratio"
    note: str = ""

    @property
    def holds(self) -> bool:
        """True when the figure is on the right side of its limit."""
        return self.ratio >= self.limit if self.goal == "at least" else self.ratio <= self.limit

    def to_dict(self) -> dict[str, Any]:
        """The form that .lab/bench.json keeps."""
        return {**asdict(self), "ratio": round(self.ratio, 4), "holds": self.holds}


def seconds(work: Callable[[], Any]) -> float:
    """How long `work` took, by a clock that never goes back."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def take_turns(*sides: Callable[[], float], rounds: int) -> list[list[float]]:
    """Figures of each side, one a round. In turn, so that a noisy minute of the machine hits all sides."""
    figures: list[list[float]] = [[] for _ in sides]
    for number in range(rounds):
        order = list(enumerate(sides))
        for place, side in order if number % 2 == 0 else reversed(order):
            figures[place].append(side())
    return figures


def median_ratio(ours: list[float], theirs: list[float]) -> float:
    """Median of the ratios of each round: what slowed a whole round cancels out."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def spread(figures: list[float]) -> str:
    """Median and range, for a note."""
    return f"{statistics.median(figures):.3g} ({min(figures):.3g} to {max(figures):.3g})"
