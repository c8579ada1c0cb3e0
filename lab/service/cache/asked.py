"""A request as the cache sees it, and what was found for it."""

from dataclasses import dataclass

from lab.service.cache.generation import State
from lab.service.cache.keys import Filters
from lab.service.cache.stats import Level


@dataclass(frozen=True, slots=True)
class Asked:
    """What decides about an answer, besides settings and index. `kind`: the form of the response."""

    kind: str
    question: str
    collection: str
    top_k: int
    filters: Filters | None = None


@dataclass(slots=True)
class Placed:
    """A request that comes again and again, and its key in one state of the index: working that out costs more than the look."""

    asked: Asked
    scope: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A kept answer, ready for `wire.send`."""

    kept: bytes
    level: Level


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question that nothing was kept for, and the state of the index then; none: its answer is not to be kept."""

    asked: Asked
    state: State | None
