"""What the cache did, counted where it happens. An outage is not a cold cache: errors are no misses."""

from collections import Counter
from threading import Lock
from typing import Any, Literal

Level = Literal["memory", "redis", "likeness"]
LEVELS: tuple[Level, ...] = ("memory", "redis", "likeness")
COUNTED = (*(f"{level}_hits" for level in LEVELS), "misses", "bypassed", "computed", "shared", "stores", "not_kept", "errors", "skipped")
# How Prometheus sees them: the level, and what happened there.
EVENTS = {
    **{f"{level}_hits": (level, "hit") for level in LEVELS},
    **{"misses": ("all", "miss"), "errors": ("redis", "error"), "skipped": ("redis", "skipped"), "stores": ("all", "stored")},
}


class Stats:
    """Counts since the process began.

    misses: nothing was kept. bypassed: the cache was not read. computed: answers made; shared: requests that waited for one
    that another request made. not_kept: new answers that were not stored. errors: Redis failed; skipped: it was left alone.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
        self._published: dict[str, Any] = {}

    def publish(self, metric: Any) -> None:
        """Have each count in a Counter of Prometheus too, with the labels level and event."""
        self._published = {what: metric.labels(*EVENTS.get(what, ("all", what))) for what in COUNTED}

    def count(self, what: str, by: int = 1) -> None:
        """One more."""
        with self._lock:
            self._counts[what] += by
        if self._published:
            self._published[what].inc(by)

    def read(self) -> dict[str, float]:
        """All counts of one moment, with their sums."""
        with self._lock:
            counts = dict(self._counts)
        hits = sum(counts[f"{level}_hits"] for level in LEVELS)
        looked = hits + counts["misses"]
        return {"total_requests": looked, "hits": hits, "hit_rate": hits / looked if looked else 0.0, **counts}
