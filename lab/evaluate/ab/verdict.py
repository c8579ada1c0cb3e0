"""From figures to a decision that a person can act on, in the order in which doubts come: too early, broken, no difference, better."""

from dataclasses import dataclass

from lab.evaluate.ab.balance import ALARM
from lab.evaluate.ab.comparison import Comparison
from lab.evaluate.ab.experiment import Experiment
from lab.evaluate.ab.guard import Guard
from lab.evaluate.ab.look import Look, improves


@dataclass(frozen=True)
class Verdict:
    """`choice` is a variant, or empty while nothing is decided. `final`: further users change nothing."""

    choice: str
    final: bool
    words: tuple[str, ...]


def decide(experiment: Experiment, look: Look | None) -> Verdict:
    """What to do, and why."""
    plan = experiment.plan
    if not plan.users:
        return Verdict("", False, ("Nothing is decided: no number of users was planned. Plan one, and begin a new version.",))
    if look is None:
        return Verdict("", False, (f"Too early: the first look needs {plan.users_at(1)} users. Nothing is compared before that.",))
    if look.balance < ALARM:
        unequal = f"The groups are not as large as they should be (chance gives this in {look.balance:.1e} of experiments)."
        return Verdict("", True, (unequal, "Find what lost or doubled users. No figure of this experiment can be trusted."))
    if not look.comparisons:
        missing = f"Nothing is decided: {plan.metric} was recorded for fewer than two users of a group."
        return Verdict("", False, (missing, "Record it, or plan another figure in a new version."))
    told = tuple([_comparison(one, look) for one in look.comparisons] + [_guard(one) for one in look.guards])
    if winners := look.winners():
        return Verdict(winners[0].variant, True, (*told, f"Decision: {winners[0].variant}."))
    if look.number < plan.looks and not _all_worse(experiment, look):
        return Verdict("", False, (*told, f"Go on: the next look needs {plan.users_at(look.number + 1)} users."))
    return Verdict(experiment.baseline, True, (*told, f"Decision: stay with {experiment.baseline}. {_why(look)}"))


def _all_worse(experiment: Experiment, look: Look) -> bool:
    """True when every other variant is worse by more than chance: more users would only suffer."""
    worse = [one for one in look.comparisons if look.crossed(one) and not improves(one)]
    return bool(worse) and len(worse) == sum(one.traffic_ratio > 0 for one in experiment.variants) - 1


def _why(look: Look) -> str:
    if any(look.crossed(one) and improves(one) for one in look.comparisons):
        return "What is better breaks a guardrail, or may break it."
    return "No variant is better by more than chance; the intervals say how large a difference may still be hidden."


def _comparison(one: Comparison, look: Look) -> str:
    p = one.p_value if one.p_adjusted is None else one.p_adjusted
    said = "more than chance" if look.crossed(one) else "may be chance"
    interval = f"{one.low:+.3g} to {one.high:+.3g}"
    return f"{one.variant} against {one.baseline}, {one.metric}: {one.difference:+.3g} ({interval}), p = {p:.2g}, {said} ({one.test})."


def _guard(one: Guard) -> str:
    if one.at_worst is None:
        return f"Guardrail {one.metric} of {one.variant}: unclear, with too few values or a median time of 0 in the baseline."
    return f"Guardrail {one.metric} of {one.variant}: {one.state}; worse by at most {one.at_worst:+.3g}, allowed {one.margin:+.3g}."
