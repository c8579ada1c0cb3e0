"""Rate limits that several copies of the API count together."""

import asyncio

from lab.service.limits import RateLimit
from lab.settings import load_settings


def test_copies_count_together_in_redis_and_alone_without_it(own_redis_server):
    async def scene():
        settings = load_settings(api_rate_limit="2/hour", redis_url=own_redis_server.url)
        one, other = RateLimit(settings), RateLimit(settings)
        together = [await limit.wait("ann") for limit in (one, other, one)]
        await asyncio.to_thread(own_redis_server.kill)
        return together, [await one.wait("ann") for _ in range(3)]

    together, alone = asyncio.run(scene())
    assert [bool(one) for one in together] == [False, False, True]
    assert [bool(one) for one in alone] == [False, False, True]
