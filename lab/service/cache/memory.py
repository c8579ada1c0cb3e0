"""The first level: answers in the memory of this process, the least recently used going first."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from cachetools import TLRUCache

OVERHEAD = 500  # bytes that an entry costs besides its key and its value: measured with 10,000 entries


class Missing:
    """Stands for "nothing is kept": no value, however empty, is taken for it."""


MISSING: Final = Missing()


@dataclass(frozen=True, slots=True)
class Kept:
    """A value, and until when it holds by the cache's clock."""

    value: bytes
    until: float


class Memory:
    """Bounded by entries and by bytes. Each entry has its own lifetime. Safe for threads."""

    def __init__(self, entries: int, size: int, clock: Callable[[], float] = time.monotonic):
        self.entries = entries
        self.clock = clock
        self.evicted = 0
        self._lock = Lock()
        self._kept: TLRUCache[str, Kept] = TLRUCache(size, _until, clock, getsizeof=lambda kept: len(kept.value) + OVERHEAD)

    def get(self, key: str) -> bytes | Missing:
        """The value while it lives, else MISSING."""
        with self._lock:
            kept = self._kept.get(key)
        return MISSING if kept is None else kept.value

    def set(self, key: str, value: bytes, ttl: float) -> None:
        """Keep a value for `ttl` seconds; one that is larger than all the memory is left out."""
        with self._lock:
            self._kept.pop(key, None)
            if ttl <= 0 or len(value) + OVERHEAD > self._kept.maxsize:
                return
            self._kept.expire()
            before = len(self._kept)
            self._kept[key] = Kept(value, self.clock() + ttl)
            self.evicted += before + 1 - len(self._kept)
            while len(self._kept) > self.entries:
                self._kept.popitem()
                self.evicted += 1

    def drop(self, prefix: str = "") -> int:
        """Forget what begins with this; how many that were."""
        with self._lock:
            found = [key for key in list(self._kept) if key.startswith(prefix)]
            for key in found:
                self._kept.pop(key, None)
            return len(found)

    def __len__(self) -> int:
        with self._lock:
            self._kept.expire()
            return len(self._kept)

    @property
    def size(self) -> float:
        """Bytes in use, counted as the limit counts them."""
        with self._lock:
            return float(self._kept.currsize)


def _until(key: str, kept: Kept, now: float) -> float:
    return kept.until
