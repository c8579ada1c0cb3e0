"""What is measured of one question while it is answered, for every experiment that its user is in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from lab.evaluate.ab.experiment import Experiment
from lab.evaluate.ab.metric import FAILED
from lab.evaluate.ab.store import Result, finite
from lab.evaluate.ab.variant import ExperimentVariant


@dataclass
class Observation:
    """Collects figures; they are stored together at the end, so that no question is stored by halves."""

    user: str
    experiments: dict[str, Experiment]
    figures: dict[str, float] = field(default_factory=dict)

    @cached_property
    def variants(self) -> dict[str, ExperimentVariant]:
        """The user's variant in each experiment."""
        return {name: one.variant_of(self.user) for name, one in self.experiments.items()}

    def record(self, figures: Mapping[str, float]) -> None:
        """Note figures of this question."""
        self.figures.update(figures)

    def answered(self) -> list[tuple[Experiment, Result]]:
        """The figures, and that nothing failed."""
        return [row for name, value in {**self.figures, FAILED: 0.0}.items() for row in self._rows(name, value)]

    def failed(self, why: str) -> list[tuple[Experiment, Result]]:
        """That it failed, and why. What was measured before is no result; an analysis counts the failure in each figure."""
        return self._rows(FAILED, 1.0, why)

    def _rows(self, metric: str, value: float, why: str = "") -> list[tuple[Experiment, Result]]:
        about = (self.user, metric, finite(metric, value), why)
        return [(experiment, Result(self.variants[name].name, *about)) for name, experiment in self.experiments.items()]
