"""Redis killed, frozen and started again in the middle of a load: slower at times, never wrong, never an error."""

import asyncio
import os
import signal
import time
from typing import Any

from lab.redis_server import RedisServer
from lab.service.cache import shared
from lab.service.cache.breaker import FAILURES

ROOM = 0.5  # seconds above what the limits allow: the machine is busy with other tests


async def load(process: Any, seconds: float, questions: int = 40) -> list[float]:
    """Eight callers ask in turn for a while; each answer is checked. Gives how long each took."""
    until, took = time.monotonic() + seconds, []

    async def caller(number: int) -> None:
        while time.monotonic() < until:
            number = (number * 7 + 3) % questions
            started = time.perf_counter()
            assert (await process.ask(f"question {number}")).answer == f"one: question {number}"
            took.append(time.perf_counter() - started)
            await asyncio.sleep(0.001)

    await asyncio.gather(*(caller(number) for number in range(8)))
    return took


def test_kill_9_and_a_new_start_in_the_middle_of_a_load(run: Any, own_redis_server: RedisServer) -> None:
    async def test(start: Any) -> None:
        process = start()
        loaded = asyncio.create_task(load(process, 6))
        await asyncio.sleep(1)
        await asyncio.to_thread(own_redis_server.kill)
        await asyncio.sleep(1)
        assert process.cache.get_stats()["redis"] == "open"
        await asyncio.to_thread(own_redis_server.start)
        took = await loaded
        stats = process.cache.get_stats()
        assert max(took) < 3 * shared.PATIENCE + ROOM
        assert stats["total_requests"] == len(took) == stats["hits"] + stats["misses"]
        assert stats["redis"] == "closed"
        assert stats["errors"] < 100

    run(own_redis_server, test, api_cache_entries=5)  # most questions need the second level


def test_a_frozen_redis_costs_some_short_waits_and_then_none(run: Any, own_redis_server: RedisServer) -> None:
    async def test(start: Any) -> None:
        process = start()
        await process.ask("warm")
        os.kill(own_redis_server.pid, signal.SIGSTOP)
        try:
            took = []
            for number in range(20):
                started = time.perf_counter()
                await process.ask(f"question {number}")
                took.append(time.perf_counter() - started)
        finally:
            os.kill(own_redis_server.pid, signal.SIGCONT)
        assert sum(one > shared.PATIENCE / 2 for one in took) <= FAILURES
        assert max(took) < 3 * shared.PATIENCE + ROOM
        assert process.cache.get_stats()["errors"] == FAILURES

    run(own_redis_server, test)


def test_a_cache_that_begins_without_redis_uses_it_when_it_comes(run: Any, own_redis_server: RedisServer) -> None:
    own_redis_server.kill()

    async def test(start: Any) -> None:
        one, two = start(), start()
        assert (await one.ask("early")).cached is False
        assert (await one.ask("early")).cached == "memory"
        await asyncio.to_thread(own_redis_server.start)
        deadline = time.monotonic() + 20
        while (await one.ask(f"question {time.monotonic()}")).cached is False and one.cache.get_stats()["redis"] != "closed":
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        await one.ask("late")
        assert (await two.ask("late")).cached == "redis"

    run(own_redis_server, test)


def test_redis_errors_are_counted_apart_from_misses(run: Any, own_redis_server: RedisServer) -> None:
    own_redis_server.kill()

    async def test(start: Any) -> None:
        process = start()
        for number in range(10):
            await process.ask(f"question {number}")
        stats = process.cache.get_stats()
        assert (stats["misses"], stats["errors"], stats["hits"]) == (10, FAILURES, 0)
        assert stats["skipped"] > 10

    run(own_redis_server, test)
    own_redis_server.start()
