"""Answers as events: a kept one in two events, and a new one that is kept when its last event is told."""

import asyncio
from collections.abc import AsyncIterator

from lab.observe.track import Track
from lab.service.answering import Step
from lab.service.cache.answers import AnswerCache
from lab.service.cache.asked import Hit, Wanted
from lab.service.cache.wire import unpack
from lab.service.models import QueryResponse
from lab.service.pieces import Pieces


class Kept:
    """The steps of a kept answer: what was found, and the answer. There is no draft."""

    def __init__(self, hit: Hit, seconds: float):
        response = unpack(hit.kept, hit.level, seconds, QueryResponse)
        self._steps: list[Step] = [response.sources, response]

    def __aiter__(self) -> AsyncIterator[Step]:
        return self

    async def __anext__(self) -> Step:
        if not self._steps:
            raise StopAsyncIteration
        return self._steps.pop(0)

    async def aclose(self) -> None:
        """Nothing runs."""


class Keeping:
    """The steps of a new answer, which is kept before its last step goes out. `track` ends when they do."""

    def __init__(self, steps: Pieces[Step], cache: AnswerCache[QueryResponse], wanted: Wanted, track: Track):
        self._steps, self._cache, self._wanted, self._track = steps, cache, wanted, track

    def __aiter__(self) -> AsyncIterator[Step]:
        return self

    async def __anext__(self) -> Step:
        try:
            step = await anext(self._steps)
        except BaseException as error:
            self._track.end(error)
            raise
        if isinstance(step, QueryResponse):
            self._track.end()
            await self._cache.keep(self._wanted, step)
        return step

    async def aclose(self) -> None:
        """Nobody reads on: the work ends."""
        self._track.end(asyncio.CancelledError())
        await self._steps.aclose()
