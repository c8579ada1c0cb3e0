"""A variant: what its users get, and what share of all users it has."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lab.errors import InputError


@dataclass(frozen=True)
class ExperimentVariant:
    """`config` is plain data, which says what is different; `traffic_ratio` is 0.0 to 1.0. Raises InputError."""

    name: str
    config: Mapping[str, Any]
    traffic_ratio: float

    def __post_init__(self) -> None:
        """Refuse what cannot work here, where it was written, and not at the first user."""
        if not self.name.strip():
            raise InputError("A variant has no name.", "Name it after what its users get, for example fixed_500.")
        ratio = self.traffic_ratio
        if isinstance(ratio, bool) or not isinstance(ratio, int | float) or not math.isfinite(ratio) or not 0 <= ratio <= 1:
            raise InputError(f"The ratio of {self.name} is {ratio!r}.", "Give the share of users that gets it, from 0.0 to 1.0.")
        try:
            json.dumps(dict(self.config), allow_nan=False)
        except (TypeError, ValueError) as error:
            hint = "Use texts, numbers, true, false, lists and objects only: the experiment is stored."
            raise InputError(f"The config of {self.name} cannot be written as JSON ({error}).", hint) from error

    @property
    def exact_ratio(self) -> Fraction:
        """The ratio as it was written: 0.1 is one tenth, and not the float beside it."""
        return Fraction(repr(float(self.traffic_ratio)))  # numpy's floats are floats, and name their type in repr

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"name": self.name, "config": dict(self.config), "traffic_ratio": self.traffic_ratio}
