"""A bounded load of clients that each wait for their answer before they ask again (a closed load): what became of each request.

lab.course.load sends at a given rate instead.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

PAUSE = 0.02  # seconds between two requests of one client: the load shall not slow down what it measures


@dataclass(frozen=True)
class Outcome:
    """One request: when it was sent (seconds after the start), how long it took, and what came back."""

    at: float
    seconds: float
    said: str  # what `ask` returned, or the name of its error
    failed: bool


class Load:
    """`with Load(ask) as load:` asks from several threads while the block runs. `ask` returns a few words, or raises.

    It stops by itself after `seconds`.
    """

    def __init__(self, ask: Callable[[], str], clients: int = 4, seconds: float = 120, pause: float = PAUSE):
        self._ask = ask
        self._pause = pause
        self._seconds = seconds
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(clients)]
        self._started = 0.0
        self.outcomes: list[Outcome] = []

    def __enter__(self) -> "Load":
        self._started = time.perf_counter()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join()

    @property
    def failed(self) -> int:
        """Requests without an answer, or with one that is none."""
        return sum(outcome.failed for outcome in self.outcomes)

    def counts(self) -> dict[str, int]:
        """How often each thing came back."""
        return dict(sorted(Counter(outcome.said for outcome in self.outcomes).items()))

    def _run(self) -> None:
        while not self._enough.is_set() and time.perf_counter() - self._started < self._seconds:
            self.outcomes.append(self._once())  # appending is safe between threads
            self._enough.wait(self._pause)

    def _once(self) -> Outcome:
        sent = time.perf_counter()
        try:
            said, failed = self._ask(), False
        except Exception as error:  # whatever way the client has to say that nothing came back
            said, failed = f"{type(error).__name__}: {error}"[:80], True
        return Outcome(sent - self._started, time.perf_counter() - sent, said, failed)
