"""The metrics that count for what runs now: those of the application whose request it is, else those of this process.

Code deep inside, such as a call of the model server, counts here without being handed anything.
"""

from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING

from lab.observe import processes

if TYPE_CHECKING:
    from lab.observe.metrics import Metrics

_current: "ContextVar[Metrics | None]" = ContextVar("metrics", default=None)


def current() -> "Metrics":
    """Where to count now."""
    return _current.get() or of_process()


def use(metrics: "Metrics") -> None:
    """From here on this task or thread, and what it starts, counts there."""
    _current.set(metrics)


def of_application() -> "Metrics":
    """Metrics for a new application: of its own, or with several processes the one set that a process has."""
    from lab.observe.metrics import Metrics

    return of_process() if processes.folder() else Metrics()


@lru_cache(maxsize=1)
def of_process() -> "Metrics":
    """The set that this process has."""
    from lab.observe.metrics import Metrics

    return Metrics()
