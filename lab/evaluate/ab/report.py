"""What an experiment says today: group sizes at any time, and figures with a decision when a planned look is reached."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lab.evaluate.ab.balance import balance
from lab.evaluate.ab.experiment import Experiment
from lab.evaluate.ab.look import Look, take
from lab.evaluate.ab.metric import FAILED
from lab.evaluate.ab.sample import describe
from lab.evaluate.ab.store import Exposure, Result
from lab.evaluate.ab.verdict import Verdict, decide

Figures = dict[str, dict[str, dict[str, Any]]]  # of each metric, of each variant


@dataclass(frozen=True)
class Report:
    """Before the first look `figures` and `comparisons` are empty: what nobody sees, nobody stops for."""

    experiment: str
    version: int
    users: dict[str, int]
    planned: int
    look: int
    looks: int
    balance: float
    waiting: dict[str, int]  # users of the look that have no value of the deciding figure
    failed: dict[str, int]  # questions
    figures: Figures
    comparisons: list[dict[str, Any]]
    guards: list[dict[str, Any]]
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def __str__(self) -> str:
        """The report in words."""
        sizes = ", ".join(f"{name} {count}" for name, count in self.users.items())
        about = f"{self.experiment}, version {self.version}: {sizes}; {self.planned} users planned, look {self.look} of {self.looks}"
        return "\n".join([about, *(f"- {line}" for line in self.verdict.words)])


def make_report(experiment: Experiment, exposed: Sequence[Exposure], results: Sequence[Result]) -> Report:
    """Takes the looks that the users so far allow, until one decides."""
    plan = experiment.plan
    looks: list[Look] = []
    for number in range(1, plan.looks_reached(len(exposed)) + 1):
        looks.append(take(experiment, number, exposed, results))
        if decide(experiment, looks[-1]).final:
            break
    last = looks[-1] if looks else None
    counts = {one.name: 0 for one in experiment.variants} | Counter(one.variant for one in exposed)
    shares = {name: float(share) for name, share in experiment.shares.items()}
    failed = Counter(one.variant for one in results if one.metric == FAILED and one.value == 1)
    return Report(
        experiment.name,
        experiment.version,
        counts,
        plan.users,
        last.number if last else 0,
        plan.looks,
        last.balance if last else balance(counts, shares),
        _waiting(last, plan.metric) if last else {},
        {one.name: failed[one.name] for one in experiment.variants},
        _figures(experiment, last) if last else {},
        [one.to_dict() for one in last.comparisons] if last else [],
        [one.to_dict() for one in last.guards] if last else [],
        decide(experiment, last),
    )


def _waiting(look: Look, metric: str) -> dict[str, int]:
    return {name: count - len(look.values[metric].get(name, [])) for name, count in look.users.items()}


def _figures(experiment: Experiment, look: Look) -> Figures:
    alpha = experiment.plan.alpha
    return {
        name: {one.name: describe(name, of.get(one.name, []), alpha) for one in experiment.variants} for name, of in look.values.items()
    }
