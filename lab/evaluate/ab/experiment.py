"""An experiment: variants with their shares, the one the others are compared with, and a plan. It never changes: see `version`."""

import json
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from lab.errors import InputError, MissingError
from lab.evaluate.ab.assignment import borders, bucket, place
from lab.evaluate.ab.plan import Plan
from lab.evaluate.ab.variant import ExperimentVariant

TOLERANCE = Fraction(1, 1000)  # by which the ratios may miss 1, since thirds cannot be written


@dataclass(frozen=True)
class Experiment:
    """`baseline` is the first variant, and `salt` is name and version, unless they are given. Raises InputError."""

    name: str
    variants: tuple[ExperimentVariant, ...]
    version: int = 1
    baseline: str = ""
    salt: str = ""
    plan: Plan = field(default_factory=Plan)

    def __post_init__(self) -> None:
        """Check the whole, and fill in what was left out."""
        if not self.name.strip() or self.version < 1:
            raise InputError("An experiment needs a name and a version from 1.", "Name it after what differs, for example reranking.")
        names = [one.name for one in self.variants]
        if len(names) < 2 or len(set(names)) < len(names):
            raise InputError(f"{self.name} has the variants {', '.join(names) or '–'}.", "Give at least two, each with its own name.")
        total = sum((one.exact_ratio for one in self.variants), Fraction(0))
        if not 1 - TOLERANCE <= total <= 1 + TOLERANCE:
            raise InputError(f"The ratios of {self.name} add up to {float(total):g}.", "Choose ratios whose sum is 1.")
        object.__setattr__(self, "baseline", self.baseline or names[0])
        object.__setattr__(self, "salt", self.salt or f"{self.name}:{self.version}")
        self.variant(self.baseline)

    @cached_property
    def ordered(self) -> tuple[ExperimentVariant, ...]:
        """The variants by name: the order in which they were written decides about nobody."""
        return tuple(sorted(self.variants, key=lambda one: one.name))

    @cached_property
    def shares(self) -> dict[str, Fraction]:
        """Exact shares whose sum is 1. What the ratios miss is spread over all of them, not given to one."""
        total = sum((one.exact_ratio for one in self.ordered), Fraction(0))
        return {one.name: one.exact_ratio / total for one in self.ordered}

    @cached_property
    def _borders(self) -> list[int]:
        return borders(list(self.shares.values()))

    def variant_of(self, user_id: str) -> ExperimentVariant:
        """The user's variant, computed: nothing is looked up and nothing is noted."""
        if not isinstance(user_id, str) or not user_id:
            hint = "Give each user one lasting id: all who share an id are one user."
            raise InputError(f"{user_id!r} is no id of a user.", hint)
        return self.ordered[place(bucket(self.salt, user_id), self._borders)]

    def variant(self, name: str) -> ExperimentVariant:
        """A variant by its name. Raises MissingError."""
        for one in self.variants:
            if one.name == name:
                return one
        known = ", ".join(one.name for one in self.variants)
        raise MissingError(f"The experiment {self.name} has no variant {name}.", f"Choose one of: {known}.")

    def definition(self) -> str:
        """All that may not change while it runs, as one text: equal for equal experiments."""
        about = {"salt": self.salt, "baseline": self.baseline, "plan": self.plan.to_dict()}
        return json.dumps({**about, "variants": [one.to_dict() for one in self.ordered]}, sort_keys=True, ensure_ascii=False)

    @classmethod
    def stored(cls, name: str, version: int, definition: str) -> "Experiment":
        """What `definition` wrote."""
        told: dict[str, Any] = json.loads(definition)
        variants = tuple(ExperimentVariant(**one) for one in told["variants"])
        return cls(name, variants, version, told["baseline"], told["salt"], Plan.from_dict(told["plan"]))
