"""The cache in front of the pipelines: kept answers first, equal questions computed once, and nothing kept that may be wrong."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from lab.rag.embed import Embedder
from lab.rag.embedding_models import reads
from lab.rag.pipeline import Rag
from lab.service.cache.asked import Asked, Hit, Placed, Wanted
from lab.service.cache.flight import Flights
from lab.service.cache.generation import Read, State, Watch
from lab.service.cache.keys import key_of, variant_of
from lab.service.cache.levels import MultiLevelCache
from lab.service.cache.likeness import Likeness
from lab.service.cache.memory import Missing
from lab.service.cache.shared import CLAIM, Shared
from lab.service.cache.wire import pack
from lab.settings import Settings

POLL = 0.05  # seconds between two looks for an answer that another process computes
Response = TypeVar("Response", bound=BaseModel)
Result = TypeVar("Result")
Embed = Callable[[str], list[float]]


@dataclass
class _Job(Generic[Response]):
    """One question on its way: where its answer belongs, and how it is made."""

    asked: Asked
    state: State
    compute: Callable[[], Awaitable[Response]]
    store: bool
    vector: list[float] | None = None

    def __post_init__(self) -> None:
        self.variant, self.key = _place(self.asked, self.state)


class AnswerCache(Generic[Response]):
    """Used from one event loop; `changed` from any thread."""

    def __init__(self, settings: Settings, read: Read, embed: Embed | None = None):
        self.settings = settings
        self.levels = MultiLevelCache.of(settings)
        self.stats = self.levels.stats
        self.watch = Watch(read)
        self.likeness = Likeness(settings.api_cache_likeness) if settings.api_cache_likeness else None
        self._embed = embed or Embedder(settings).embed_query
        self._flights: Flights[Response | Hit] = Flights()
        # a temperature asks for another wording each time: the first one must not become everybody's for an hour
        self.works = settings.api_cache_ttl > 0 and settings.temperature == 0

    def peek(self, asked: Asked) -> Hit | None:
        """An answer from this process's memory: no waiting, no thread, no call."""
        return self.peek_again(Placed(asked))

    def peek_again(self, placed: Placed) -> Hit | None:
        """The same, for a request whose place may be known from the last time."""
        state = self.watch.known(placed.asked.collection) if self.works else None
        if state is None:
            return None
        if placed.scope != state.scope:
            placed.scope, placed.key = state.scope, _place(placed.asked, state)[1]
        return self._from_memory(placed.key)

    async def answer(
        self, asked: Asked, compute: Callable[[], Awaitable[Response]], read: bool = True, store: bool = True
    ) -> Response | Hit:
        """A kept answer, or a new one. Raises what `compute` raises, and keeps nothing then."""
        state = await self._state(asked.collection) if self.works and (read or store) else None
        if state is None or not read:
            self.stats.count("bypassed")
            return await self._compute(_Job(asked, state, compute, store)) if state else await compute()
        job = _Job(asked, state, compute, store)
        return self._from_memory(job.key) or await self._together(job)

    async def find(self, asked: Asked) -> "Hit | Wanted":
        """A kept answer, or where to `keep` the one that is made now: for answers that are told while they are made."""
        state = await self._state(asked.collection) if self.works else None
        if state is None:
            self.stats.count("bypassed")
            return Wanted(asked, None)
        found = await self.levels.get(_place(asked, state)[1])
        if isinstance(found, Missing):
            self.stats.count("misses")
            return Wanted(asked, state)
        self.stats.count(f"{found[1]}_hits")
        return Hit(*found)

    async def keep(self, wanted: "Wanted", response: Response) -> None:
        """Keep a new answer, if it may be kept."""
        self.stats.count("computed")
        if wanted.state is None:
            return
        place = _place(wanted.asked, wanted.state)[1]
        if await self._may_keep(wanted.asked, wanted.state, response):
            await self.levels.set(place, pack(response))
        else:
            self.stats.count("not_kept")

    def changing(self, collection: str, change: Callable[[Rag], Result]) -> Callable[[Rag], Result]:
        """A change of a collection, after which the next question asks the new state. May be called in any thread."""

        def run(rag: Rag) -> Result:
            self.watch.changed(collection)
            try:
                return change(rag)
            finally:
                self.watch.changed(collection)

        return run

    def get_stats(self) -> dict[str, Any]:
        """What the cache did and holds."""
        return {**self.levels.get_stats(), "likeness_entries": self.likeness.count if self.likeness else 0}

    async def close(self) -> None:
        """End what runs in the background."""
        await self.watch.close()
        await self.levels.close()

    async def _state(self, collection: str) -> State | None:
        return self.watch.known(collection) or await self.watch.look(collection)

    def _from_memory(self, key: str) -> Hit | None:
        value = self.levels.memory.get(key)
        if isinstance(value, Missing):
            return None
        self.stats.count("memory_hits")
        return Hit(value, "memory")

    async def _together(self, job: _Job[Response]) -> Response | Hit:
        """With all who ask the same now."""
        waited: list[bool] = []
        outcome: Response | Hit | None = None
        try:
            outcome = await self._flights.do(job.key, lambda: self._find(job), joined=lambda: waited.append(True))
            return outcome
        finally:
            self.stats.count(f"{outcome.level}_hits" if isinstance(outcome, Hit) else "misses")
            if waited and not isinstance(outcome, Hit):
                self.stats.count("shared")

    async def _find(self, job: _Job[Response]) -> Response | Hit:
        """In Redis, among questions of other words, or made now."""
        if not isinstance(found := await self.levels.get(job.key), Missing):
            return Hit(*found)
        job.vector = await self._vector(job.asked.question)
        return await self._alike(job) or await self._once(job)

    async def _alike(self, job: _Job[Response]) -> Hit | None:
        near = self.likeness.nearest(job.variant, job.vector) if self.likeness and job.vector else None
        if not near or not self.likeness:
            return None
        found = await self.levels.get(near[0])
        if not isinstance(found, Missing):
            return Hit(found[0], "likeness")
        self.likeness.forget(job.variant, near[0])
        return None

    async def _vector(self, question: str) -> list[float] | None:
        """Of a question that the embedding model can read; any failure of it is met again, and told, by the pipeline."""
        if self.likeness and reads(self.settings.embed_model, question):
            with contextlib.suppress(Exception):
                return await asyncio.to_thread(self._embed, question)
        return None

    async def _once(self, job: _Job[Response]) -> Response | Hit:
        """Once for all processes: the others wait for what the first one puts into Redis."""
        redis = self.levels.shared
        if not redis or not job.store:
            return await self._compute(job)
        token = await self._turn(redis, job.key)
        if isinstance(token, Hit):
            return token
        try:
            return await self._compute(job)
        finally:
            await redis.release(job.key, token)

    async def _turn(self, redis: Shared, key: str) -> str | Hit:
        """The right to compute, or what another process computed meanwhile."""
        patient_until = time.monotonic() + CLAIM
        while not (token := await redis.claim(key)) and time.monotonic() < patient_until:
            await asyncio.sleep(POLL)
            if not isinstance(found := await self.levels.get_shared(key), Missing):
                return Hit(*found)
        return token

    async def _compute(self, job: _Job[Response]) -> Response:
        self.stats.count("computed")
        response = await job.compute()
        if job.store and await self._may_keep(job.asked, job.state, response):
            await self.levels.set(job.key, pack(response))
            if self.likeness and job.vector:
                self.likeness.remember(job.variant, job.key, job.vector)
        else:
            self.stats.count("not_kept")
        return response

    async def _may_keep(self, asked: Asked, before: State, response: Response) -> bool:
        """Only what was computed in one state of the index from beginning to end, and is wanted."""
        if getattr(response, "state", "") == "refused" and not self.settings.api_cache_refusals:
            return False
        now = await self.watch.look(asked.collection)
        return now is not None and not now.writing and now.scope == before.scope


def _place(asked: Asked, state: State) -> tuple[str, str]:
    """The variant and the key."""
    variant = variant_of(state.scope, asked.kind, asked.top_k, asked.filters)
    return variant, key_of(asked.collection, variant, asked.question)
