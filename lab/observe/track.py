"""How a piece of work ended, and how long it took: whatever ends it, it is told once.

Work that fails, is cancelled or runs out of time counts as well as work that succeeds. A cancellation is no `Exception` in Python,
so code that only catches exceptions never sees it.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, closing
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import Any

# By name: neither an HTTP library nor Celery has to be imported for it.
TIMEOUTS = {"TimeoutError", "TimeoutException", "SoftTimeLimitExceeded"}
ENDS = ("success", "error", "cancelled", "timeout")  # of work that was begun; a class may have a word of its own
Done = Callable[[float, str, Sequence[Any]], None]  # seconds, status, and what came of it: one result, or each step's


def status_of(error: BaseException | None) -> str:
    """success, cancelled, timeout, or what the error's class says of itself; without such a word, error."""
    if error is None:
        return "success"
    if not isinstance(error, Exception):  # CancelledError, GeneratorExit, KeyboardInterrupt, SystemExit
        return "cancelled"
    if any(kind.__name__ in TIMEOUTS for one in causes(error) for kind in type(one).__mro__):
        return "timeout"
    return str(getattr(error, "outcome", "error"))


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what lies behind it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


class Track:
    """One piece of work, from now to its end. What ends it first counts; `results` are what came of it until then."""

    def __init__(self, done: Done):
        self._done: Done | None = done
        self._started = time.perf_counter()
        self.results: list[Any] = []

    def __enter__(self) -> "Track":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.end(error)

    def end(self, error: BaseException | None = None) -> None:
        """It has ended, by this error or well."""
        done, self._done = self._done, None
        if done:
            done(time.perf_counter() - self._started, status_of(error), self.results)


def tracking(function: Callable[..., Any], done: Done) -> Callable[..., Any]:
    """The function, with each call tracked: plain or async, and generators of both kinds from their first step to their last."""
    kinds = ((isasyncgenfunction, _async_steps), (iscoroutinefunction, _awaited), (isgeneratorfunction, _steps))
    wrapper = next((wrap for is_kind, wrap in kinds if is_kind(function)), _called)
    return wraps(function)(wrapper(function, done))


def _called(function: Callable[..., Any], done: Done) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        with Track(done) as track:
            track.results.append(function(*args, **options))
        return track.results[0]

    return call


def _awaited(function: Callable[..., Awaitable[Any]], done: Done) -> Callable[..., Awaitable[Any]]:
    async def call(*args: Any, **options: Any) -> Any:
        with Track(done) as track:
            track.results.append(await function(*args, **options))
        return track.results[0]

    return call


def _steps(function: Callable[..., Any], done: Done) -> Callable[..., Iterator[Any]]:
    def call(*args: Any, **options: Any) -> Iterator[Any]:
        with Track(done) as track, closing(function(*args, **options)) as made:
            for one in made:
                track.results.append(one)
                yield one

    return call


def _async_steps(function: Callable[..., Any], done: Done) -> Callable[..., AsyncIterator[Any]]:
    async def call(*args: Any, **options: Any) -> AsyncIterator[Any]:
        with Track(done) as track:
            async with aclosing(function(*args, **options)) as made:
                async for one in made:
                    track.results.append(one)
                    yield one

    return call
