"""Rate limits: so many calls of one key, or of one address, in a window of time.

Counted in Redis when the lab has one, so that several copies of the API count together; without it, or while it is away, in memory.
"""

import logging
import time
from math import ceil

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter as Window

from lab.errors import SettingError
from lab.redis_client import options_async
from lab.settings import Settings

log = logging.getLogger("lab.service")

PATIENCE = 0.25  # seconds for Redis: a limit must not cost more than what it protects
PAUSE = 5.0  # seconds in which a Redis that failed is not asked again


class RateLimit:
    """One limit for all callers, counted for each by itself. Raises SettingError when API_RATE_LIMIT cannot be read."""

    def __init__(self, settings: Settings):
        self.item = _parsed(settings.api_rate_limit)
        self._memory = Window(MemoryStorage())
        self._shared = Window(_redis(settings)) if settings.has_redis else None
        self._away_until = 0.0

    async def wait(self, caller: str) -> int:
        """Count a call. 0: it may go on; else the seconds until another one may."""
        if self._shared and time.monotonic() >= self._away_until:
            try:
                return await self._ask(self._shared, caller)
            except Exception as error:  # whatever Redis or its client says: callers need not know that it is away
                self._away_until = time.monotonic() + PAUSE
                log.warning("Rate limits are counted in this process for %g s: Redis does not answer (%s).", PAUSE, type(error).__name__)
        return await self._ask(self._memory, caller)

    async def _ask(self, window: Window, caller: str) -> int:
        if await window.hit(self.item, caller):
            return 0
        stats = await window.get_window_stats(self.item, caller)
        return max(1, ceil(stats.reset_time - time.time()))


def _parsed(text: str) -> RateLimitItem:
    try:
        return parse(text)
    except ValueError as error:
        raise SettingError(f"API_RATE_LIMIT={text} is no rate.", "Write it like 60/minute or 1000/hour.") from error


def _redis(settings: Settings) -> Storage:
    address = f"async+{settings.redis_for('limits')}"
    return RedisStorage(address, implementation="redispy", key_prefix="limits", **options_async(PATIENCE))
