"""The gate, on an event loop, with calls that end when the test says so."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from lab.errors import ServiceError
from lab.service.gate import Busy, Gate, Stopping
from lab.service.pieces import Late
from lab.service.pipelines import Pipelines
from lab.settings import load_settings


def make_gate(**values) -> Gate:
    settings = load_settings(**{"api_concurrency": 2, "api_queue": 3, "api_time_limit": 20, **values})
    return Gate(Pipelines(settings, lambda settings: settings), settings)


class Held:
    """Calls that stay in their threads until `let_go`."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.together = self.most = 0
        self.lock = threading.Lock()

    def call(self, rag) -> str:
        with self.lock:
            self.together += 1
            self.most = max(self.most, self.together)
        assert self.free.wait(10)
        with self.lock:
            self.together -= 1
        return rag.collection


async def until(condition) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def fill(gate: Gate, held: Held, count: int) -> list[asyncio.Task]:
    tasks = [asyncio.create_task(gate.run(held.call)) for _ in range(count)]
    await until(lambda: gate.running + gate.waiting == count)
    return tasks


def test_a_call_has_a_pipeline_over_the_collection_it_names():
    async def scene():
        gate = make_gate(collection="usual")
        return [await gate.run(lambda rag: rag.collection, name) for name in (None, "other")]

    assert asyncio.run(scene()) == ["usual", "other"]


def test_so_many_run_at_once_and_the_others_wait():
    async def scene():
        gate, held = make_gate(), Held()
        tasks = await fill(gate, held, 5)
        seen = gate.running, gate.waiting
        held.free.set()
        return seen, await asyncio.gather(*tasks), held.most, (gate.running, gate.waiting)

    seen, results, most, after = asyncio.run(scene())
    assert (seen, len(results), most, after) == ((2, 3), 5, 2, (0, 0))


def test_one_more_than_may_wait_is_refused_at_once():
    async def scene():
        gate, held = make_gate(), Held()
        refused = []
        gate.on_refused = lambda: refused.append(1)
        tasks = await fill(gate, held, 5)
        with pytest.raises(Busy) as error:
            await asyncio.wait_for(gate.run(held.call), 1)
        held.free.set()
        await asyncio.gather(*tasks)
        return error.value, refused

    error, refused = asyncio.run(scene())
    assert (refused, error.retry_after) == ([1], 13)  # 5 s each, as nothing was measured: 5 calls before it, 2 at once


def test_the_hint_follows_the_latest_durations():
    async def scene():
        gate, held = make_gate(), Held()
        for _ in range(30):
            await gate.run(lambda rag: None)
        tasks = await fill(gate, held, 5)
        with pytest.raises(Busy) as error:
            await gate.run(held.call)
        held.free.set()
        await asyncio.gather(*tasks)
        return error.value.retry_after

    assert asyncio.run(scene()) == 1


def test_who_goes_away_leaves_the_line():
    async def scene():
        gate, held = make_gate(), Held()
        tasks = await fill(gate, held, 5)
        tasks[3].cancel()
        await until(lambda: gate.waiting == 2)
        late = asyncio.create_task(gate.run(held.call))
        await until(lambda: gate.waiting == 3)
        held.free.set()
        return await asyncio.gather(*tasks[:3], tasks[4], late), (gate.running, gate.waiting)

    results, after = asyncio.run(scene())
    assert (len(results), after) == (5, (0, 0))


def test_waiting_too_long_is_late_and_leaves_the_line():
    async def scene():
        gate, held = make_gate(api_time_limit=0.1, api_concurrency=1), Held()
        tasks = [asyncio.create_task(gate.run(held.call)) for _ in range(2)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        seen = gate.running, gate.waiting
        held.free.set()
        await until(lambda: not gate.running)
        return [type(one) for one in results], seen

    assert asyncio.run(scene()) == ([Late, Late], (1, 0))  # the plain call keeps its place until it ends


def test_a_generator_ends_at_its_next_piece_when_nobody_waits_for_it():
    ended, go = threading.Event(), threading.Event()

    def count(rag) -> Iterator[int]:
        try:
            for number in range(1_000_000):
                yield number
                go.wait(10)
        finally:
            ended.set()

    async def scene():
        gate = make_gate(api_concurrency=1)
        task = asyncio.create_task(gate.run(count))
        await until(lambda: gate.running)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        go.set()
        await until(lambda: not gate.running)

    asyncio.run(scene())
    assert ended.is_set()


def test_a_generator_gives_its_last_piece_or_all_of_them():
    async def scene():
        gate = make_gate()
        pieces = await gate.stream(lambda rag: (letter for letter in "abc"))
        return await gate.run(lambda rag: (letter for letter in "abc")), [piece async for piece in pieces]

    assert asyncio.run(scene()) == ("c", ["a", "b", "c"])


def test_what_fails_before_the_first_piece_is_raised_by_stream_itself():
    def fail(rag) -> Iterator[str]:
        raise ServiceError("away")
        yield ""

    async def scene():
        gate = make_gate()
        with pytest.raises(ServiceError, match="away"):
            await gate.stream(fail)
        return gate.running

    assert asyncio.run(scene()) == 0


def test_a_failure_gives_its_place_back():
    def fail(rag):
        raise ServiceError("away")

    async def scene():
        gate = make_gate(api_concurrency=1, api_queue=0)
        for _ in range(3):
            with pytest.raises(ServiceError, match="away"):
                await gate.run(fail)
        return await gate.run(lambda rag: "works")

    assert asyncio.run(scene()) == "works"


def test_draining_sends_home_who_waits_and_finishes_what_runs():
    async def scene():
        gate, held = make_gate(), Held()
        tasks = await fill(gate, held, 5)
        gate.drain()
        with pytest.raises(Stopping):
            await gate.run(held.call)
        held.free.set()
        return [type(one) for one in await asyncio.gather(*tasks, return_exceptions=True)]

    assert sorted(kind.__name__ for kind in asyncio.run(scene())) == ["Stopping", "Stopping", "Stopping", "str", "str"]


def test_callers_that_come_together_make_one_pipeline_each_and_never_another():
    """A bare lru_cache as dependency builds one service for each of the first eight, and keeps one only (B79)."""
    opened = []

    def make(settings):
        opened.append(settings)
        return settings

    async def scene():
        settings = load_settings(api_concurrency=8)
        gate = Gate(Pipelines(settings, make), settings)
        meet = threading.Barrier(8)
        for _ in range(3):
            await asyncio.gather(*(gate.run(lambda rag: meet.wait(10)) for _ in range(8)))

    asyncio.run(scene())
    assert len(opened) == 8
