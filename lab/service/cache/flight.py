"""One computation for equal questions that come at the same time: the first computes, the others wait for it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Result = TypeVar("Result")


@dataclass
class _Flight(Generic[Result]):
    task: "asyncio.Task[Result]"
    waiting: int = 0


class Flights(Generic[Result]):
    """Used from one event loop. A computation belongs to all who wait for it: it ends early only when all of them have gone."""

    def __init__(self) -> None:
        self._flights: dict[str, _Flight[Result]] = {}

    async def do(self, key: str, compute: Callable[[], Awaitable[Result]], joined: Callable[[], None] = lambda: None) -> Result:
        """The result of `compute`, or of an equal one under way; `joined` is called then.

        When the one under way fails, those who waited try once more, together: its failure may have been its own.
        """
        flight = self._flights.get(key)
        if flight is None:
            return await self._wait(self._start(key, compute))
        joined()
        try:
            return await self._wait(flight)
        except Exception:
            second = self._flights.get(key) or self._start(key, compute)
            return await self._wait(second)

    def __len__(self) -> int:
        return len(self._flights)

    def _start(self, key: str, compute: Callable[[], Awaitable[Result]]) -> _Flight[Result]:
        async def run() -> Result:
            return await compute()

        flight = _Flight(asyncio.create_task(run()))
        self._flights[key] = flight
        flight.task.add_done_callback(lambda task: self._land(key, flight))
        return flight

    def _land(self, key: str, flight: _Flight[Result]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if not flight.task.cancelled():
            flight.task.exception()  # looked at, so that nobody logs it as forgotten when all who waited have gone

    async def _wait(self, flight: _Flight[Result]) -> Result:
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)  # one who leaves does not take the result from the others
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._abandon(flight)

    def _abandon(self, flight: _Flight[Result]) -> None:
        """Nobody waits any more. A question that comes now starts anew instead of meeting a cancelled one."""
        for key, known in list(self._flights.items()):
            if known is flight:
                del self._flights[key]
        flight.task.cancel()
