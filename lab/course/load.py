"""Bounded loads on a server of this machine: when each request was sent, how long it took, and what came.

`load` is open: requests come at a rate, whether or not the server keeps up. `Load` is closed: some clients ask again and again meanwhile.
"""

import asyncio
import math
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Any

MOST = 500  # requests of one load: enough to measure, too few to harm
PATIENCE = 60.0  # seconds for one answer
PAUSE = 0.02  # seconds between two requests of one client: the load shall not slow down what it measures


@dataclass(frozen=True)
class Call:
    """One request: sent at `started` seconds of the load, answered after `seconds`."""

    started: float
    seconds: float
    status: int


async def load(url: str, count: int, per_second: float, method: str = "GET", **request: Any) -> list[Call]:
    """Send `count` requests evenly, `per_second` of them, without waiting for answers in between; return all calls.

    That is an open load: visitors come whether or not the server keeps up. Raises ValueError above MOST requests.
    """
    import httpx

    if count > MOST:
        raise ValueError(f"{count} requests are more than {MOST}")
    limits = httpx.Limits(max_connections=count)
    async with httpx.AsyncClient(timeout=PATIENCE, limits=limits, trust_env=False) as client:
        began = perf_counter()

        async def one(number: int) -> Call:
            await asyncio.sleep(max(0.0, began + number / per_second - perf_counter()))
            sent = perf_counter()
            answer = await client.request(method, url, **request)
            return Call(sent - began, perf_counter() - sent, answer.status_code)

        return list(await asyncio.gather(*map(one, range(count))))


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies (nearest rank); 0.95 gives the 95th percentile."""
    ordered = sorted(values)
    return ordered[max(1, math.ceil(share * len(ordered))) - 1]


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
        self._started = perf_counter()
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
        while not self._enough.is_set() and perf_counter() - self._started < self._seconds:
            self.outcomes.append(self._once())  # appending is safe between threads
            self._enough.wait(self._pause)

    def _once(self) -> Outcome:
        sent = perf_counter()
        try:
            said, failed = self._ask(), False
        except Exception as error:  # whatever way the client has to say that nothing came back
            said, failed = f"{type(error).__name__}: {error}"[:80], True
        return Outcome(sent - self._started, perf_counter() - sent, said, failed)
