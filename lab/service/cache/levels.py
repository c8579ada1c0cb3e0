"""Both levels as one cache of bytes: memory, then Redis; what Redis has is promoted with the lifetime that is left there."""

from typing import Any

from lab.service.cache.keys import PREFIX, prefix
from lab.service.cache.memory import MISSING, Memory, Missing
from lab.service.cache.shared import Shared
from lab.service.cache.stats import Level, Stats
from lab.settings import Settings

MB = 1_000_000


class MultiLevelCache:
    """Values under keys of `keys.key_of`. Without Redis it is the first level alone."""

    def __init__(self, memory: Memory, shared: Shared | None, stats: Stats, ttl: float):
        self.memory = memory
        self.shared = shared
        self.stats = stats
        self.ttl = ttl

    @classmethod
    def of(cls, settings: Settings) -> "MultiLevelCache":
        """As the settings say; with Redis where one belongs to this lab."""
        stats = Stats()
        shared = Shared(settings.redis_for("cache"), stats) if settings.has_redis else None
        return cls(Memory(settings.api_cache_entries, int(settings.api_cache_mb * MB)), shared, stats, settings.api_cache_ttl)

    async def get(self, key: str) -> tuple[bytes, Level] | Missing:
        """The value and the level that had it. The caller counts: it knows what became of the request."""
        value = self.memory.get(key)
        if not isinstance(value, Missing):
            return value, "memory"
        return await self.get_shared(key)

    async def get_shared(self, key: str) -> tuple[bytes, Level] | Missing:
        """The same without another look into memory."""
        found = await self.shared.get(key) if self.shared else MISSING
        if isinstance(found, Missing):
            return MISSING
        value, left = found
        self.memory.set(key, value, min(left, self.ttl))
        return value, "redis"

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Keep a value on both levels."""
        lives = self.ttl if ttl is None else ttl
        if lives <= 0:
            return
        self.stats.count("stores")
        self.memory.set(key, value, lives)
        if self.shared:
            await self.shared.set(key, value, lives)

    async def invalidate(self, collection: str | None = None) -> dict[str, int]:
        """Forget the answers of one collection, or all answers: nothing else that may be in the same database."""
        wanted = prefix(collection) if collection else f"{PREFIX}:"
        return {"memory": self.memory.drop(wanted), "redis": await self.shared.drop(wanted) if self.shared else 0}

    def get_stats(self) -> dict[str, Any]:
        """What it did and what it holds."""
        redis = self.shared.breaker.state if self.shared else "none"
        held = {"entries": len(self.memory), "bytes": self.memory.size, "evicted": self.memory.evicted}
        return {**self.stats.read(), **held, "redis": redis}

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self.shared:
            await self.shared.close()
