"""A manager with a file of its own, and users whose results are known."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lab.evaluate.ab import ABTestManager, Experiment, ExperimentVariant, Plan
from lab.evaluate.ab.store import Exposure


@pytest.fixture
def manager(tmp_path: Path) -> ABTestManager:
    return ABTestManager(tmp_path / "experiments.sqlite3")


@pytest.fixture
def halves() -> list[ExperimentVariant]:
    return [ExperimentVariant("old", {}, 0.5), ExperimentVariant("new", {"top_k": 8}, 0.5)]


@pytest.fixture
def simulated() -> Callable[..., tuple[list[Exposure], Experiment]]:
    """Gives an experiment of two halves, and its first users with their variants: one comes every second."""

    def make(users: int, plan: Plan, variants: list[ExperimentVariant] | None = None) -> tuple[list[Exposure], Experiment]:
        given = variants or [ExperimentVariant("old", {}, 0.5), ExperimentVariant("new", {}, 0.5)]
        experiment = Experiment("e", tuple(given), plan=plan)
        names = [f"user_{number}" for number in range(users)]
        return [Exposure(name, experiment.variant_of(name).name, second) for second, name in enumerate(names)], experiment

    return make
