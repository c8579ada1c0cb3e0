"""Clients of Redis give up in time, whatever the library's defaults are."""

import asyncio
import time

import pytest
from redis.exceptions import ConnectionError as RedisAway

from lab.redis_client import answers, connect, connect_async


def test_a_redis_that_is_away_is_asked_once(free_port):
    started = time.monotonic()
    assert answers(f"redis://127.0.0.1:{free_port()}/0", 2) is False
    assert time.monotonic() - started < 1.5  # the library's own three attempts come after pauses of seconds


def test_on_an_event_loop_it_is_asked_once_too(free_port):
    async def ask():
        client = connect_async(f"redis://127.0.0.1:{free_port()}/0", 2)
        with pytest.raises(RedisAway):
            await client.ping()

    started = time.monotonic()
    asyncio.run(ask())
    assert time.monotonic() - started < 1.5


def test_an_address_that_is_none_answers_nothing():
    assert answers("http://127.0.0.1:1", 1) is False


def test_a_client_has_the_patience_and_the_attempts_that_were_asked_for():
    options = connect("redis://host:1/0", 0.5, retries=6).connection_pool.connection_kwargs
    assert (options["socket_timeout"], options["socket_connect_timeout"], options["retry"].get_retries()) == (0.5, 0.5, 6)
