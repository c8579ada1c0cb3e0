"""The second level: answers in Redis, which several processes share and which outlives them.

Redis may be away, frozen or full: that is counted, never told to a caller, and never waited for beyond PATIENCE.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from lab.redis_client import connect_async
from lab.service.cache.breaker import Breaker
from lab.service.cache.memory import MISSING, Missing
from lab.service.cache.stats import Stats

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.getLogger("lab.service")

PATIENCE = 0.15  # seconds for one call: hundreds of times what Redis needs on this machine
MARK = b"1:"  # before each value: what was not written by this version is not an answer
CONNECTIONS = 256  # at most; one for each request that asks at the same moment
PAGE = 500  # keys in one step of SCAN and UNLINK
CLAIM = 15.0  # seconds for which one process computes an answer that others wait for; a killed one frees it so
RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('unlink', KEYS[1]) end return 0"
Result = TypeVar("Result")


class Shared:
    """One database of a Redis server. No method raises because of Redis. Connects at first use."""

    def __init__(self, url: str, stats: Stats, breaker: Breaker | None = None, patience: float = PATIENCE):
        self.url = url
        self.stats = stats
        self.breaker = breaker or Breaker()
        self.patience = patience
        self._redis: Redis | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def get(self, key: str) -> tuple[bytes, float] | Missing:
        """The value and the seconds it still lives, both of one moment."""

        async def ask(redis: "Redis") -> tuple[bytes | None, int]:
            async with redis.pipeline(transaction=True) as both:
                both.get(key)
                both.pttl(key)
                value, left = await both.execute()
                return value, left

        answer = await self._try(ask)
        if isinstance(answer, Missing):
            return MISSING
        value, left = answer
        if value is None or not value.startswith(MARK):
            return MISSING
        return value.removeprefix(MARK), left / 1000

    async def set(self, key: str, value: bytes, ttl: float) -> bool:
        """Keep a value for `ttl` seconds. True when Redis has it."""
        done = await self._try(lambda redis: redis.set(key, MARK + value, px=max(1, int(ttl * 1000))))
        return done is True

    async def claim(self, key: str, seconds: float = CLAIM) -> str:
        """The right to compute this answer for all processes, as a token; empty while another one has it.

        Without Redis every process has the right: computing twice is slow, waiting for nobody is worse.
        """
        token = secrets.token_hex(8)
        got = await self._try(lambda redis: redis.set(f"{key}:claim", token, px=int(seconds * 1000), nx=True))
        return token if got is True or isinstance(got, Missing) else ""

    async def release(self, key: str, token: str) -> None:
        """Give the right back, if it is still one's own."""
        await self._try(lambda redis: redis.eval(RELEASE, 1, f"{key}:claim", token))

    async def drop(self, prefix: str) -> int:
        """Forget what begins with this, a page at a time: Redis serves others in between. How many keys that were."""
        pattern, cursor, dropped = _literally(prefix) + "*", 0, 0
        while True:
            page = await self._try(lambda redis, at=cursor: redis.scan(at, match=pattern, count=PAGE))  # type: ignore[misc]
            if isinstance(page, Missing):
                return dropped
            cursor, keys = page
            if keys:
                gone = await self._try(lambda redis, these=keys: redis.unlink(*these))  # type: ignore[misc]
                dropped += 0 if isinstance(gone, Missing) else gone
            if not cursor:
                return dropped

    async def close(self) -> None:
        """Close the connections."""
        redis, self._redis = self._redis, None
        if redis and self._loop is asyncio.get_running_loop():
            await redis.aclose()

    async def _try(self, ask: "Callable[[Redis], Awaitable[Result]]") -> Result | Missing:
        from redis.exceptions import RedisError, ResponseError

        if not self.breaker.allows():
            self.stats.count("skipped")
            return MISSING
        try:
            async with asyncio.timeout(self.patience):
                answer = await ask(self._client())
        except (RedisError, OSError, TimeoutError) as error:
            self.stats.count("errors")
            self._note(error, answered=isinstance(error, ResponseError))
            return MISSING
        except BaseException:
            self.breaker.broke_off()
            raise
        self.breaker.succeeded()
        return answer

    def _note(self, error: Exception, answered: bool) -> None:
        """One line when it begins, not one for each request. Redis that refuses (a full one) is there and may be asked again."""
        before = self.breaker.state
        if answered:
            self.breaker.succeeded()
            log.warning("the cache's Redis refused: %s", error)
            return
        self.breaker.failed()
        if before == "closed" and self.breaker.state == "open":
            log.warning("the cache's Redis does not answer (%s); answers are kept in this process only", type(error).__name__)

    def _client(self) -> "Redis":
        """Connections belong to an event loop; a test may come with a new one."""
        loop = asyncio.get_running_loop()
        if self._redis is None or self._loop is not loop:
            self._redis, self._loop = connect_async(self.url, self.patience, max_connections=CONNECTIONS), loop
        return self._redis


def _literally(prefix: str) -> str:
    """A text as a pattern that matches itself only."""
    return "".join(f"\\{letter}" if letter in "*?[]^\\" else letter for letter in prefix)
