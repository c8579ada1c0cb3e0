import asyncio
import logging

import pytest

from lab.errors import SettingError
from lab.service.limits import RateLimit
from lab.settings import load_settings


async def calls(limit: RateLimit, *callers: str) -> list[int]:
    return [await limit.wait(caller) for caller in callers]


def test_each_caller_is_counted_alone():
    limit = RateLimit(load_settings(api_rate_limit="2/hour"))
    seconds = asyncio.run(calls(limit, "ann", "ann", "bob", "ann", "bob", "bob"))
    assert [bool(one) for one in seconds] == [False, False, False, True, False, True]
    assert all(1 <= one <= 3600 for one in seconds if one)


def test_the_limit_ends_with_its_window(wait_until):
    limit = RateLimit(load_settings(api_rate_limit="1/second"))
    assert asyncio.run(calls(limit, "ann", "ann")) == [0, 1]
    wait_until(lambda: asyncio.run(limit.wait("ann")) == 0, "the next window", timeout=5)


@pytest.mark.parametrize("text", ["often", "60", "60/lightyear", "-1/minute"])
def test_a_rate_that_cannot_be_read_stops_the_start(text):
    with pytest.raises(SettingError) as error:
        RateLimit(load_settings(api_rate_limit=text))
    assert "60/minute" in error.value.hint


def test_without_redis_it_counts_in_memory_and_says_so_once(free_port, caplog):
    limit = RateLimit(load_settings(api_rate_limit="2/hour", redis_url=f"redis://127.0.0.1:{free_port()}"))
    with caplog.at_level(logging.WARNING, "lab.service"):
        seconds = asyncio.run(calls(limit, "ann", "ann", "ann"))
    assert [bool(one) for one in seconds] == [False, False, True]
    assert len(caplog.records) == 1
