"""What the data say at one planned look: its users and no others, with what was recorded until the next user came.

From that moment on a look is fixed, whatever its users ask later and on whatever day somebody looks. An answer that was still
pending then is missing in this look, and counts in the next one.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lab.evaluate.ab.balance import balance
from lab.evaluate.ab.comparison import Comparison, adjust, compare
from lab.evaluate.ab.experiment import Experiment
from lab.evaluate.ab.guard import Guard, guard
from lab.evaluate.ab.metric import metric
from lab.evaluate.ab.sample import Values, per_user
from lab.evaluate.ab.sequential import levels
from lab.evaluate.ab.store import Exposure, Result


@dataclass(frozen=True)
class Look:
    """`level` is what p (after Holm's method, with a single look) has to stay below."""

    number: int
    users: dict[str, int]
    balance: float
    values: dict[str, Values]  # of each figure of the plan
    comparisons: list[Comparison]
    guards: list[Guard]
    level: float

    def crossed(self, one: Comparison) -> bool:
        """True when the difference is more than chance, at this look."""
        return (one.p_value if one.p_adjusted is None else one.p_adjusted) < self.level

    def winners(self) -> list[Comparison]:
        """Better by more than chance, with every guardrail holding; the largest difference first."""
        unsafe = {one.variant for one in self.guards if one.state != "holds"}
        better = [one for one in self.comparisons if self.crossed(one) and improves(one) and one.variant not in unsafe]
        return sorted(better, key=lambda one: -abs(one.difference))


def improves(one: Comparison) -> bool:
    """True when the difference goes the right way."""
    return one.difference > 0 if metric(one.metric).higher_is_better else one.difference < 0


def take(experiment: Experiment, number: int, exposed: Sequence[Exposure], results: Sequence[Result]) -> Look:
    """The look with this number, counted from 1."""
    plan = experiment.plan
    first, later = exposed[: plan.users_at(number)], exposed[plan.users_at(number) :]
    counts = {one.name: 0 for one in experiment.variants} | Counter(one.variant for one in first)
    users, end = {one.user for one in first}, later[0].at if later else math.inf
    own = [one for one in results if one.user in users and one.at < end]
    values = {name: per_user(own, name) for name in plan.metrics}
    others = [one.name for one in experiment.variants if one.name != experiment.baseline and one.traffic_ratio]
    at_once = plan.looks == 1
    level = plan.alpha if at_once else levels(plan.looks, plan.alpha / max(len(others), 1), plan.boundary)[number - 1]
    compared = _comparisons(experiment, others, values[plan.metric], plan.alpha)
    guards = [
        guard(rail, *_pair(experiment.baseline, other, values[rail.metric]), plan.alpha) for rail in plan.guardrails for other in others
    ]
    matched = balance(counts, {name: float(share) for name, share in experiment.shares.items()})
    return Look(number, counts, matched, values, adjust(compared) if at_once else compared, guards, level)


def _comparisons(experiment: Experiment, others: list[str], values: Values, alpha: float) -> list[Comparison]:
    found = (compare(experiment.plan.metric, *_pair(experiment.baseline, other, values), alpha) for other in others)
    return [one for one in found if one]


def _pair(baseline: str, other: str, values: Values) -> tuple[tuple[str, list[float]], tuple[str, list[float]]]:
    return (baseline, values.get(baseline, [])), (other, values.get(other, []))
