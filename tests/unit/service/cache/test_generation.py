"""What is known of the index: fresh within a bound, and never from before a change that this process made."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from lab.errors import ServiceError
from lab.service.cache import generation
from lab.service.cache.generation import State, Watch


class Clock:
    now = 0.0

    def __call__(self) -> float:
        self.now += 1e-6  # a clock never stands still
        return self.now


@dataclass
class Index:
    """What the reader finds; it counts how often it is asked."""

    scope: str = "one"
    writing: bool = False
    fails: Exception | None = None
    reads: int = 0
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def __call__(self, collection: str) -> State | None:
        self.reads += 1
        scope = self.scope
        assert self.gate.wait(5)
        if self.fails:
            raise self.fails
        return State(scope, self.writing) if scope else None


def run(test: Callable[[Watch, Index, Clock], Awaitable[Any]]) -> None:
    index, clock = Index(), Clock()
    asyncio.run(asyncio.wait_for(test(Watch(index, clock=clock), index, clock), 10))  # type: ignore[arg-type]


def test_a_known_state_costs_no_call() -> None:
    async def test(watch: Watch, index: Index, clock: Clock) -> None:
        await watch.look("handbook")
        assert [watch.known("handbook").scope for _ in range(1000)] == ["one"] * 1000  # type: ignore[union-attr]
        assert index.reads == 1

    run(test)


def test_it_is_read_again_in_the_background_before_it_is_too_old() -> None:
    async def test(watch: Watch, index: Index, clock: Clock) -> None:
        await watch.look("handbook")
        index.scope, clock.now = "two", 0.6
        assert watch.known("handbook").scope == "one"  # type: ignore[union-attr]
        await asyncio.gather(*(task for _, task in watch._reading.values()))
        assert watch.known("handbook").scope == "two"  # type: ignore[union-attr]

    run(test)


def test_beyond_the_bound_nothing_is_known() -> None:
    async def test(watch: Watch, index: Index, clock: Clock) -> None:
        await watch.look("handbook")
        clock.now = generation.BOUND + 0.01
        assert watch.known("handbook") is None

    run(test)


def test_after_a_change_of_this_process_the_state_is_read_anew() -> None:
    async def test(watch: Watch, index: Index, clock: Clock) -> None:
        await watch.look("handbook")
        index.scope = "two"
        watch.changed("handbook")
        assert watch.known("handbook") is None
        assert (await watch.look("handbook")).scope == "two"  # type: ignore[union-attr]

    run(test)


def test_a_reading_that_began_before_the_change_is_not_believed() -> None:
    async def test(watch: Watch, index: Index, clock: Clock) -> None:
        index.gate.clear()
        early = asyncio.create_task(watch.look("handbook"))
        while not index.reads:
            await asyncio.sleep(0.001)
        index.scope = "two"
        watch.changed("handbook")
        late = asyncio.create_task(watch.look("handbook"))
        await asyncio.sleep(0)
        index.gate.set()
        assert await early is None
        assert (await late).scope == "two"  # type: ignore[union-attr]
        assert watch.known("handbook").scope == "two"  # type: ignore[union-attr]

    run(test)


def test_many_questions_share_one_reading() -> None:
    async def test(watch: Watch, index: Index, clock: Clock) -> None:
        index.gate.clear()
        looks = [asyncio.create_task(watch.look("handbook")) for _ in range(50)]
        while not index.reads:
            await asyncio.sleep(0.001)
        index.gate.set()
        assert {state.scope for state in await asyncio.gather(*looks) if state} == {"one"}
        assert index.reads <= 2  # those who came after it began need a later one, and share that

    run(test)


def test_when_nobody_can_say_nothing_is_known_and_nothing_is_raised() -> None:
    async def test(watch: Watch, index: Index, clock: Clock) -> None:
        index.fails = ServiceError("Chroma is away.", "")
        assert await watch.look("handbook") is None
        index.fails, index.scope = None, ""
        assert await watch.look("handbook") is None

    run(test)


def test_a_store_that_hangs_costs_a_question_a_bounded_time(monkeypatch: Any) -> None:
    monkeypatch.setattr(generation, "PATIENCE", 0.05)

    async def test(watch: Watch, index: Index, clock: Clock) -> None:
        index.gate.clear()
        assert await watch.look("handbook") is None
        index.gate.set()

    run(test)


def test_only_so_many_collections_are_remembered() -> None:
    async def test(watch: Watch, index: Index, clock: Clock) -> None:
        for number in range(generation.COLLECTIONS + 5):
            await watch.look(f"c{number}")
        assert watch.known("c0") is None
        assert watch.known(f"c{generation.COLLECTIONS + 4}")

    run(test)
