"""Leaves a failing service alone for a while, then tries it with one request: nobody waits for what is known to be away."""

import time
from collections.abc import Callable

FAILURES = 3  # in a row, from which on nobody asks
REST = 2.0  # seconds until one request tries again


class Breaker:
    """Closed: all may ask. Open: nobody. Half-open: one may, and the outcome decides. Used from one event loop."""

    def __init__(self, failures: int = FAILURES, rest: float = REST, clock: Callable[[], float] = time.monotonic):
        self.failures = failures
        self.rest = rest
        self.clock = clock
        self._failed = 0
        self._since = 0.0
        self._trying = False

    @property
    def state(self) -> str:
        """closed, open or half-open."""
        if self._failed < self.failures:
            return "closed"
        return "half-open" if self._trying or self.clock() - self._since >= self.rest else "open"

    def allows(self) -> bool:
        """May this request ask? Whoever is told yes says afterwards how it went."""
        if self.state == "closed":
            return True
        if self.state == "open" or self._trying:
            return False
        self._trying = True
        return True

    def succeeded(self) -> None:
        """The service answered."""
        self._failed, self._trying = 0, False

    def failed(self) -> None:
        """It did not."""
        self._failed += 1
        self._since, self._trying = self.clock(), False

    def broke_off(self) -> None:
        """Whoever asked was stopped before it knew: the next one may try."""
        self._trying = False
