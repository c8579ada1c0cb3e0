"""What a call gives, piece by piece: made in a thread, read on the event loop, and stopped when nobody reads any more."""

import asyncio
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lab.errors import ServiceError

T = TypeVar("T")


class Late(ServiceError):
    """The time for one request is over."""

    outcome = "timeout"

    def __init__(self, seconds: float):
        super().__init__(f"There was no answer within {seconds:g} s.", "Ask for less, or raise API_TIME_LIMIT.")


class _Stop(Exception):
    """Ends a call whose result nobody wants."""


@dataclass
class _Failed:
    error: BaseException


class _End:
    """After the last piece."""


class Pieces(Generic[T]):
    """An asynchronous iterator over the pieces. Leaving it early, by `aclose` or by cancellation, stops the call at its next piece."""

    def __init__(self, limit: float):
        self._loop = asyncio.get_running_loop()
        self._limit, self._deadline = limit, self._loop.time() + limit
        # not bounded: an answer is at most NUM_PREDICT tokens long, and a slow reader must not hold the model
        self._made: asyncio.Queue[T | _Failed | _End] = asyncio.Queue()
        self._first: list[T | _Failed | _End] = []
        self._reason: BaseException | None = None  # why nobody wants the rest

    def make(self, call: Callable[[Any], T | Iterator[T]], lent: AbstractContextManager[Any], leave: Callable[[], None]) -> None:
        """Do the call; runs in a thread. `leave` is called on the event loop before the end can be seen there."""
        end: _Failed | _End = _End()
        try:
            with lent as rag:
                self._go_through(call(rag))
        except BaseException as error:
            end = _Failed(error)
        self._tell(leave)
        self._tell(self._made.put_nowait, end)

    def _go_through(self, made: T | Iterator[T]) -> None:
        if not isinstance(made, Generator):
            self._tell(self._made.put_nowait, made)
            return
        with closing(made):  # now, while the pipeline is ours: it ends the model's work
            for piece in made:
                if self._reason:
                    with suppress(BaseException):
                        made.throw(self._reason)  # so that whoever measures the call in there sees why
                    raise _Stop
                self._tell(self._made.put_nowait, piece)

    def _tell(self, function: Callable[..., Any], *values: Any) -> None:
        with suppress(RuntimeError):  # the loop has been closed: the process ends
            self._loop.call_soon_threadsafe(function, *values)

    async def peek(self) -> None:
        """Wait for the first piece; it stays to be read. Raises what the call raised before it."""
        piece = await self._next()
        if isinstance(piece, _Failed):
            raise piece.error
        self._first.append(piece)

    async def last(self) -> T:
        """The last piece."""
        *_, piece = [piece async for piece in self]
        return piece

    def __aiter__(self) -> "Pieces[T]":
        return self

    async def __anext__(self) -> T:
        piece = self._first.pop() if self._first else await self._next()
        if isinstance(piece, _Failed):
            raise piece.error
        if isinstance(piece, _End):
            raise StopAsyncIteration
        return piece

    async def _next(self) -> T | _Failed | _End:
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._made.get()
        except TimeoutError:
            self._reason = Late(self._limit)
            raise Late(self._limit) from None
        except asyncio.CancelledError:
            self._reason = asyncio.CancelledError()
            raise

    async def aclose(self) -> None:
        """Nobody reads on."""
        self._reason = self._reason or asyncio.CancelledError()
