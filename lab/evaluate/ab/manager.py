"""Experiments from definition to report: whom each variant is for, what was measured, what it says."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.errors import InputError, MissingError
from lab.evaluate.ab.experiment import Experiment
from lab.evaluate.ab.observation import Observation
from lab.evaluate.ab.plan import Plan
from lab.evaluate.ab.report import Report, make_report
from lab.evaluate.ab.sample import describe, per_user
from lab.evaluate.ab.store import Result, Store, finite
from lab.evaluate.ab.variant import ExperimentVariant
from lab.settings import get_settings

Which = str | Experiment  # a name means the newest version
FILE = "experiments.sqlite3"  # in LAB_HOME


class ABTestManager:
    """All experiments of one file: that of the lab, unless another is named."""

    def __init__(self, file: Path | None = None):
        self.store = Store(file or get_settings().lab_home / FILE)

    def create_experiment(
        self,
        name: str,
        variants: Sequence[ExperimentVariant],
        *,
        baseline: str = "",
        plan: Plan | None = None,
        version: int = 1,
        salt: str = "",
    ) -> Experiment:
        """Define an experiment. Called again with the same values it changes nothing; with other values it raises InputError.

        A changed experiment is a new version: its users are assigned anew, unless it is given the old salt.
        """
        experiment = Experiment(name, tuple(variants), version, baseline, salt, plan or Plan())
        if self.store.define(experiment) != experiment.definition():
            hint = f"Results of both would be mixed. Give the changed one a version of its own: version={version + 1}."
            raise InputError(f"The experiment {name}, version {version}, is defined otherwise already.", hint)
        return experiment

    def experiment(self, name: Which) -> Experiment:
        """The newest version of this name; what `create_experiment` gave stays the version that it is. Raises MissingError."""
        if isinstance(name, Experiment):
            return name
        known = {one.name: one for one in self.store.experiments()}
        if name not in known:
            there = f"There are: {', '.join(known)}." if known else "Define it first: create_experiment(name, variants)."
            raise MissingError(f"There is no experiment {name}.", there)
        return known[name]

    def assign_variant(self, experiment: Which, user_id: str) -> ExperimentVariant:
        """The user's variant, and a note that the user met it. Call it where the variant has an effect, not before."""
        found = self.experiment(experiment)
        variant = found.variant_of(user_id)
        self.store.expose(found, user_id, variant.name)
        return variant

    def record_result(self, experiment: Which, variant: str | ExperimentVariant, metric: str, value: float, user_id: str = "") -> None:
        """Store one figure. With `user_id` it counts in decisions, and one user counts once, however many questions were asked."""
        found = self.experiment(experiment)
        name = found.variant(variant if isinstance(variant, str) else variant.name).name
        if user_id and (own := found.variant_of(user_id).name) != name:
            raise InputError(f"{user_id} belongs to {own}, and the result names {name}.", "Record what assign_variant gave.")
        self.store.record([(found, Result(name, user_id, metric, finite(metric, value)))])

    @contextmanager
    def observe(self, user_id: str, *experiments: Which) -> Iterator[Observation]:
        """One question of one user, in several experiments at once. A failure inside is recorded as one, and raised again."""
        seen = Observation(user_id, {found.name: found for found in map(self.experiment, experiments)})
        for found in seen.experiments.values():
            self.store.expose(found, user_id, seen.variants[found.name].name)
        try:
            yield seen
        except Exception as error:
            self.store.record(seen.failed(type(error).__name__))
            raise
        self.store.record(seen.answered())

    def analyze_results(self, experiment: Which, metric: str) -> dict[str, dict[str, Any]]:
        """For each variant mean, std, count, min, max, p50, p95 and an interval for the mean; {} when nothing was recorded.

        It describes. Whether a difference is more than chance is what `report` says, when its time has come.
        """
        found = self.experiment(experiment)
        values = per_user(self.store.results(found), metric)
        return {one.name: describe(metric, values.get(one.name, []), found.plan.alpha) for one in found.variants} if values else {}

    def report(self, experiment: Which) -> Report:
        """Group sizes, figures, comparisons, guardrails, and the decision that the plan allows now."""
        found = self.experiment(experiment)
        return make_report(found, self.store.exposed(found), self.store.results(found))
