"""Caches of two processes over one real Redis, with a pipeline that answers by rule: a wrong answer is seen at once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from lab.redis_server import RedisServer
from lab.service.cache.answers import AnswerCache
from lab.service.cache.asked import Asked, Hit
from lab.service.cache.generation import State
from lab.service.cache.wire import unpack
from lab.settings import load_settings


class Reply(BaseModel):
    answer: str
    state: str = "grounded"
    cached: Literal[False, "memory", "redis", "likeness"] = False


@dataclass
class Process:
    """One process with its cache. `computed` counts what its pipeline did."""

    cache: AnswerCache[Reply]
    scope: str = "one"
    computed: int = 0
    seconds: float = 0.0

    def read(self, collection: str) -> State:
        return State(self.scope, False)

    async def ask(self, question: str = "Which port?", collection: str = "handbook") -> Reply:
        async def compute() -> Reply:
            self.computed += 1
            await asyncio.sleep(self.seconds)
            return Reply(answer=f"{self.scope}: {question}")

        outcome = await self.cache.answer(Asked("query", question, collection, 5), compute)
        return unpack(outcome.kept, outcome.level, 0, Reply) if isinstance(outcome, Hit) else outcome


Start = Callable[..., Process]


@pytest.fixture
def run() -> Callable[..., None]:
    """`run(server, test, **settings)`: `await test(start)`, where `start()` gives another process with a cache on that Redis."""

    def whole(server: RedisServer, test: Callable[[Start], Awaitable[Any]], **settings: Any) -> None:
        started: list[Process] = []

        def start() -> Process:
            process: Process = Process(AnswerCache(load_settings(redis_url=server.url, **settings), lambda name: process.read(name)))
            started.append(process)
            return process

        async def run() -> None:
            await test(start)
            for process in started:
                await process.cache.close()

        asyncio.run(asyncio.wait_for(run(), 60))

    return whole
