"""A cache whose index, embedding model and pipeline do what a test says."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from lab.service.cache.answers import AnswerCache
from lab.service.cache.asked import Asked, Hit
from lab.service.cache.generation import State
from lab.service.cache.wire import unpack
from lab.settings import load_settings


class Reply(BaseModel):
    """Has the fields that a cache looks at."""

    answer: str
    state: str = "grounded"
    processing_time: float = 1.5
    cached: Literal[False, "memory", "redis", "likeness"] = False


@dataclass
class World:
    """One collection: its generation, what its pipeline answers, and how often that was asked."""

    scope: str = "one"
    writing: bool = False
    refused: bool = False
    fails: Exception | None = None
    computed: int = 0
    vectors: dict[str, list[float]] = field(default_factory=dict)
    during: Callable[[], Any] = lambda: None

    def read(self, collection: str) -> State:
        return State(self.scope, self.writing)

    def embed(self, text: str) -> list[float]:
        return self.vectors[text]

    async def compute(self) -> Reply:
        self.computed += 1
        await asyncio.sleep(0)
        self.during()
        if self.fails:
            raise self.fails
        return Reply(answer=f"answer {self.computed}", state="refused" if self.refused else "grounded")


Ask = Callable[..., Awaitable[Reply]]


@pytest.fixture
def world() -> World:
    return World()


def asker(cache: AnswerCache[Reply], world: World) -> Ask:
    """Asks the cache as a route does."""

    async def ask(question: str = "Which port?", filters: Any = None, top_k: int = 5, collection: str = "handbook", **how: bool) -> Reply:
        outcome = await cache.answer(Asked("query", question, collection, top_k, filters), world.compute, **how)
        return unpack(outcome.kept, outcome.level, 0.001, Reply) if isinstance(outcome, Hit) else outcome

    return ask


@pytest.fixture
def run(world: World) -> Callable[..., None]:
    """`run(test, **settings)`: `test(cache, ask)` in a loop of its own."""

    def start(test: Callable[[AnswerCache[Reply], Ask], Awaitable[Any]], **settings: Any) -> None:
        async def whole() -> None:
            cache: AnswerCache[Reply] = AnswerCache(load_settings(**settings), world.read, embed=world.embed)
            await test(cache, asker(cache, world))
            await cache.close()

        asyncio.run(asyncio.wait_for(whole(), 20))

    return start
