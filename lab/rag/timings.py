"""Where the time of one answer went."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

STAGES = ("embed", "search", "generate", "ground")  # of every answer; others are added when they happen


class Clock:
    """Milliseconds per stage. A stage inside another is taken out of the outer one.

    `whole` has the seconds of the stages that were inside no other, with what was inside them; `broken` the one that an error ended.
    """

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.stages = dict.fromkeys(STAGES, 0.0)
        self.whole: dict[str, float] = {}
        self.broken = ""
        self._open: list[str] = []
        self._since = self.started

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time spent inside belongs to this stage."""
        self._book()
        self._open.append(name)
        began = self._since
        if len(self._open) == 1:
            self.broken = ""  # what broke before was mended
        try:
            yield
        except BaseException:
            self.broken = self._open[0]
            raise
        finally:
            self._book()
            self._open.pop()
            if not self._open:
                self.whole[name] = self.whole.get(name, 0.0) + self._since - began

    def _book(self) -> None:
        now = time.perf_counter()
        if self._open:
            self.stages[self._open[-1]] = self.stages.get(self._open[-1], 0.0) + 1000 * (now - self._since)
        self._since = now

    def read(self) -> dict[str, float]:
        """All stages and the total, in milliseconds."""
        total = 1000 * (time.perf_counter() - self.started)
        return {name: round(value, 2) for name, value in {**self.stages, "total": total}.items()}
