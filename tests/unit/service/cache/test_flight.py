"""Equal questions at the same time are computed once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from lab.service.cache.flight import Flights


class Work:
    """Counts how often it is done; goes on when a test says so."""

    def __init__(self, *fails: Exception) -> None:
        self.done = 0
        self.fails = list(fails)
        self.may_go_on = asyncio.Event()

    async def __call__(self) -> int:
        self.done += 1
        await self.may_go_on.wait()
        if self.fails:
            raise self.fails.pop(0)
        return self.done


async def start(flights: Flights[int], work: Callable[[], Awaitable[int]], many: int, key: str = "key") -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(flights.do(key, work)) for _ in range(many)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


def run(test: Callable[[], Awaitable[Any]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 5))  # type: ignore[arg-type]


def test_twenty_equal_questions_are_one_computation() -> None:
    async def test() -> None:
        flights, work = Flights[int](), Work()
        tasks = await start(flights, work, 20)
        work.may_go_on.set()
        assert await asyncio.gather(*tasks) == [1] * 20
        assert (work.done, len(flights)) == (1, 0)

    run(test)


def test_different_questions_do_not_wait_for_each_other() -> None:
    async def test() -> None:
        flights, slow, quick = Flights[int](), Work(), Work()
        (waiting,) = await start(flights, slow, 1, "slow")
        quick.may_go_on.set()
        assert await flights.do("quick", quick) == 1
        assert not waiting.done()
        waiting.cancel()

    run(test)


def test_one_who_leaves_does_not_take_the_answer_from_the_others() -> None:
    async def test() -> None:
        flights, work = Flights[int](), Work()
        leader, *others = await start(flights, work, 4)
        leader.cancel()
        await asyncio.sleep(0)
        work.may_go_on.set()
        assert await asyncio.gather(*others) == [1] * 3
        assert work.done == 1

    run(test)


def test_work_for_nobody_is_stopped_and_the_next_question_starts_anew() -> None:
    async def test() -> None:
        flights, work = Flights[int](), Work()
        for task in await start(flights, work, 3):
            task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(flights) == 0
        work.may_go_on.set()
        assert await flights.do("key", work) == 2

    run(test)


def test_those_who_waited_for_a_failure_try_once_more_together() -> None:
    async def test() -> None:
        flights, work = Flights[int](), Work(ValueError("the first one's own"))
        leader, *others = await start(flights, work, 5)
        work.may_go_on.set()
        with pytest.raises(ValueError, match="own"):
            await leader
        assert await asyncio.gather(*others) == [2] * 4

    run(test)


def test_a_failure_that_lasts_is_told_to_everybody_after_two_computations() -> None:
    async def test() -> None:
        flights, work = Flights[int](), Work(*(ValueError() for _ in range(9)))
        tasks = await start(flights, work, 8)
        work.may_go_on.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [ValueError] * 8
        assert work.done == 2

    run(test)
