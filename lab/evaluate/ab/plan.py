"""What is fixed before the first user comes: the deciding figure, how many users, when it is looked at, what must not get worse."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from lab.errors import InputError

Boundary = Literal["obrien-fleming", "pocock"]


@dataclass(frozen=True)
class Guardrail:
    """A figure that may get worse by at most `margin`: absolute for shares and means, relative to the baseline for times."""

    metric: str
    margin: float


@dataclass(frozen=True)
class Plan:
    """`users` in all groups together, judged at `looks` moments that are equally far apart. With 0 users nothing is decided."""

    metric: str = "hit@3"
    users: int = 0
    looks: int = 1
    boundary: Boundary = "obrien-fleming"
    alpha: float = 0.05
    guardrails: tuple[Guardrail, ...] = ()

    def __post_init__(self) -> None:
        """A plan that cannot be kept is refused."""
        if self.users < 0 or not 1 <= self.looks <= 20:
            raise InputError(
                f"A plan of {self.users} users and {self.looks} looks cannot be kept.", "Plan 0 or more users and 1 to 20 looks."
            )
        if not 0 < self.alpha < 1:
            raise InputError(f"The level is {self.alpha}.", "Choose one between 0 and 1; 0.05 is usual.")
        if self.boundary not in ("obrien-fleming", "pocock"):
            raise InputError(f"There is no boundary {self.boundary}.", "Choose obrien-fleming or pocock.")

    @property
    def metrics(self) -> tuple[str, ...]:
        """All figures that the plan names, the deciding one first."""
        return tuple(dict.fromkeys((self.metric, *(one.metric for one in self.guardrails))))

    def users_at(self, look: int) -> int:
        """Users that this look needs. The last one needs all."""
        return -(-self.users * look // self.looks)

    def looks_reached(self, users: int) -> int:
        """Looks that so many users allow."""
        return max((look for look in range(1, self.looks + 1) if self.users and users >= self.users_at(look)), default=0)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Plan":
        """What `to_dict` gave."""
        return cls(**{**stored, "guardrails": tuple(Guardrail(**one) for one in stored["guardrails"])})
