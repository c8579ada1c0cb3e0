"""Back-pressure: so many calls of the pipeline at once, so many waiting, and a further one is refused at once.

A caller that is told "not now" can come back; one that waits for minutes in an endless line is lost, with all behind it.
Calls run in threads of the gate's own: FastAPI's forty serve all routes, and would all be waiting here.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from math import ceil
from typing import TypeVar

from lab.errors import LabError, ServiceError
from lab.rag.pipeline import Rag
from lab.service.pieces import Late, Pieces
from lab.service.pipelines import Pipelines
from lab.settings import Settings

T = TypeVar("T")
Call = Callable[[Rag], T | Iterator[T]]
FIRST_GUESS = 5.0  # seconds for one call, before any has been measured
WEIGHT = 0.2  # of the latest duration in the mean
LONGEST_HINT = 120  # seconds: more would be a guess about another time


class Busy(ServiceError):
    """All places are taken, those in the line too."""

    outcome = "busy"

    def __init__(self, retry_after: int):
        super().__init__("Too many questions at once.", f"Ask again in {retry_after} s.")
        self.retry_after = retry_after


class Stopping(ServiceError):
    """The API is about to stop: what runs is finished, nothing new is begun."""

    outcome = "busy"

    def __init__(self) -> None:
        super().__init__("The API is about to stop.", "Ask again when it has been started.")


class Gone(LabError):
    """The client closed its connection before it had an answer."""

    outcome = "cancelled"


class Gate:
    """The one way from a route to a pipeline. Its methods are called on the event loop."""

    def __init__(self, pipelines: Pipelines, settings: Settings):
        self.pipelines = pipelines
        self.most, self.queue, self.limit = settings.api_concurrency, settings.api_queue, settings.api_time_limit
        self.running, self.stopping = 0, False
        self.on_refused: Callable[[], None] = lambda: None  # counts them, see lab.service.app
        self.on_change: Callable[[int, int], None] = lambda running, waiting: None  # shows how many there are
        self._line: deque[asyncio.Future[None]] = deque()
        self._threads = ThreadPoolExecutor(self.most, "question")
        self._mean = FIRST_GUESS

    @property
    def waiting(self) -> int:
        """Calls in the line."""
        return len(self._line)

    async def run(self, call: Call[T], collection: str | None = None) -> T:
        """The result of a call with a pipeline over COLLECTION or another collection; of a generator, its last piece.

        Raises Busy, Stopping, Late, and what the call raises. When this is cancelled or late, a generator ends at its next piece.
        A plain call cannot be stopped: nobody waits for it any more, but it keeps its place until it ends.
        """
        return await (await self._begin(call, collection)).last()

    async def stream(self, call: Call[T], collection: str | None = None) -> Pieces[T]:
        """The pieces of a generator, as soon as the first is there: what fails before it can still become a status.

        Raises as `run` does; the pieces then raise what comes later. Read them to the end, or `aclose` them.
        """
        pieces = await self._begin(call, collection)
        await pieces.peek()
        return pieces

    def drain(self) -> None:
        """Begin nothing new, and send home who waits."""
        self.stopping = True
        for place in self._line:
            place.set_exception(Stopping())
        self._line.clear()
        self._tell()

    def close(self) -> None:
        """Let the threads go, each when its call has ended."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _begin(self, call: Call[T], collection: str | None) -> Pieces[T]:
        pieces: Pieces[T] = Pieces(self.limit)
        try:
            async with asyncio.timeout(self.limit):
                await self._enter()
        except TimeoutError:
            raise Late(self.limit) from None
        started = asyncio.get_running_loop().time()
        lent = self.pipelines.borrow(collection)
        self._threads.submit(copy_context().run, pieces.make, call, lent, lambda: self._leave(started))
        return pieces

    async def _enter(self) -> None:
        """Take a place, or wait in the line for one; the one who leaves hands it over."""
        if self.stopping:
            raise Stopping
        if self.running < self.most:
            self.running += 1
            self._tell()
            return
        if len(self._line) >= self.queue:
            self.on_refused()
            raise Busy(self._retry_after())
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(place)
        self._tell()
        try:
            await place
        except asyncio.CancelledError:
            if place in self._line:
                self._line.remove(place)
                self._tell()
            elif not place.cancelled() and not place.exception():  # handed over at the same moment
                self._hand_over()
            raise

    def _leave(self, started: float) -> None:
        self._mean += WEIGHT * (asyncio.get_running_loop().time() - started - self._mean)
        self._hand_over()

    def _hand_over(self) -> None:
        if self._line:
            self._line.popleft().set_result(None)
        else:
            self.running -= 1
        self._tell()

    def _tell(self) -> None:
        self.on_change(self.running, self.waiting)

    def _retry_after(self) -> int:
        """Seconds until all who are here now have gone, as far as the latest calls tell."""
        rounds = (self.running + self.waiting) / self.most
        return min(LONGEST_HINT, max(1, ceil(self._mean * rounds)))
