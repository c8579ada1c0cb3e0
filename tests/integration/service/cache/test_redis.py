"""Both levels with a real Redis: what is shared, for how long, and what is left alone."""

import asyncio
from typing import Any

import redis

from lab.redis_client import connect_async
from lab.redis_server import RedisServer
from lab.service.cache.keys import PREFIX


def test_what_one_process_computed_another_finds_in_redis_and_then_in_memory(run: Any, own_redis_server: RedisServer) -> None:
    async def test(start: Any) -> None:
        one, two = start(), start()
        first = await one.ask()
        levels = [(await two.ask()).cached for _ in range(2)]
        assert (first.cached, levels, two.computed) == (False, ["redis", "memory"], 0)
        assert (await two.ask()).answer == first.answer

    run(own_redis_server, test)


def test_a_promoted_answer_lives_no_longer_than_it_would_in_redis(run: Any, own_redis_server: RedisServer) -> None:
    async def test(start: Any) -> None:
        one, two = start(), start()
        await one.ask()
        client = connect_async(f"{own_redis_server.url}/2", 1)
        (key,) = [key async for key in client.scan_iter(f"{PREFIX}:*")]
        await client.pexpire(key, 300)
        assert (await two.ask()).cached == "redis"
        while await client.exists(key):
            await asyncio.sleep(0.01)
        assert two.cache.levels.memory.get(key.decode()).__class__.__name__ == "Missing"
        await client.aclose()

    run(own_redis_server, test)


def test_every_key_has_a_lifetime(run: Any, own_redis_server: RedisServer) -> None:
    async def test(start: Any) -> None:
        await start().ask()

    run(own_redis_server, test, api_cache_ttl=100)
    client = redis.Redis.from_url(f"{own_redis_server.url}/2")
    lives = [client.pttl(key) for key in client.scan_iter("*")]
    assert lives
    assert all(0 < one <= 100_000 for one in lives)


def test_emptying_the_cache_touches_nothing_else_and_one_collection_alone_can_be_emptied(run: Any, own_redis_server: RedisServer) -> None:
    broker, own = (redis.Redis.from_url(f"{own_redis_server.url}/{number}") for number in (0, 2))
    broker.lpush("indexing", "a task that waits")
    own.set("somebody:else", "1")

    async def test(start: Any) -> None:
        process = start()
        for number in range(1200):  # more than one page of SCAN
            await process.cache.levels.set(f"{PREFIX}:1:first:{number}", b"{}")
        await process.cache.levels.set(f"{PREFIX}:1:second:0", b"{}")
        assert await process.cache.levels.invalidate("first") == {"memory": 999, "redis": 1200}
        assert await process.cache.levels.invalidate() == {"memory": 1, "redis": 1}

    run(own_redis_server, test)
    assert (broker.llen("indexing"), own.get("somebody:else"), own.dbsize()) == (1, b"1", 1)


def test_keys_and_flush_are_never_sent(run: Any, own_redis_server: RedisServer) -> None:
    client = redis.Redis.from_url(own_redis_server.url)

    async def test(start: Any) -> None:
        process = start()
        await process.ask()
        await process.cache.levels.invalidate()

    run(own_redis_server, test)
    sent = {name.removeprefix("cmdstat_") for name in client.info("commandstats")}  # type: ignore[union-attr]
    assert {"get", "set", "scan", "unlink"} <= sent
    assert not {"keys", "flushdb", "flushall", "del"} & sent


def test_equal_questions_in_two_processes_are_computed_once(run: Any, own_redis_server: RedisServer) -> None:
    async def test(start: Any) -> None:
        one, two = start(), start()
        one.seconds = two.seconds = 0.2
        answers = await asyncio.gather(*(process.ask() for process in (one, two) * 10))
        assert one.computed + two.computed == 1
        assert {answer.answer for answer in answers} == {"one: Which port?"}

    run(own_redis_server, test)


def test_another_generation_never_gets_the_answer_of_the_one_before(run: Any, own_redis_server: RedisServer) -> None:
    async def test(start: Any) -> None:
        one, two = start(), start()
        two.scope = "two"
        await one.ask()
        assert (await two.ask()).answer == "two: Which port?"

    run(own_redis_server, test)


def test_what_another_program_wrote_under_a_key_is_no_answer(run: Any, own_redis_server: RedisServer) -> None:
    async def test(start: Any) -> None:
        one, two = start(), start()
        await one.ask()
        client = connect_async(f"{own_redis_server.url}/2", 1)
        async for key in client.scan_iter("*"):
            await client.set(key, b"\x80 something else")
        assert (await two.ask()).cached is False
        await client.aclose()

    run(own_redis_server, test)


def test_a_full_redis_is_an_error_that_no_caller_sees(run: Any, own_redis_server: RedisServer) -> None:
    redis.Redis.from_url(own_redis_server.url).config_set("maxmemory", "1")

    async def test(start: Any) -> None:
        process = start()
        answers = [(await process.ask()).cached for _ in range(2)]
        stats = process.cache.get_stats()
        assert (answers, stats["misses"], stats["redis"]) == ([False, "memory"], 1, "closed")
        assert stats["errors"] >= 1

    run(own_redis_server, test)
