"""The nearest earlier question: one that is meant the same in other words may get the same answer.

Cosine of sentence vectors says what a question is about, not what it asks: "start" and "stop" of one thing lie close together.
docs/decisions.md, 22, has the figures. It is off unless API_CACHE_LIKENESS is set.
"""

from collections import OrderedDict
from threading import Lock
from typing import Any

import numpy as np

MOST = 5000  # questions remembered, of all variants together: 8 MB with 384 numbers each


class Likeness:
    """Vectors of questions whose answers were kept, apart for each variant of request: only equal filters and settings compare."""

    def __init__(self, threshold: float, most: int = MOST):
        self.threshold = threshold
        self.most = most
        self._lock = Lock()
        self._variants: OrderedDict[str, OrderedDict[str, Any]] = OrderedDict()
        self._count = 0

    def remember(self, variant: str, key: str, vector: list[float]) -> None:
        """The answer under `key` belongs to a question with this vector."""
        with self._lock:
            known = self._variants.setdefault(variant, OrderedDict())
            self._variants.move_to_end(variant)
            self._count += key not in known
            known[key] = unit(vector)
            while self._count > self.most:
                self._forget_one()

    def nearest(self, variant: str, vector: list[float]) -> tuple[str, float] | None:
        """The key of the nearest question of this variant, and its cosine, when that reaches the threshold."""
        with self._lock:
            known = self._variants.get(variant)
            if not known:
                return None
            keys, rows = list(known), np.stack(list(known.values()))
        likeness = rows @ unit(vector)
        best = int(np.argmax(likeness))
        return (keys[best], float(likeness[best])) if likeness[best] >= self.threshold else None

    def forget(self, variant: str, key: str) -> None:
        """Its answer is kept no longer."""
        with self._lock:
            known = self._variants.get(variant, OrderedDict())
            self._count -= known.pop(key, None) is not None

    @property
    def count(self) -> int:
        """Questions remembered."""
        return self._count

    def _forget_one(self) -> None:
        """The oldest question of the variant that was asked for longest ago: often of an older index."""
        variant, known = next(iter(self._variants.items()))
        known.popitem(last=False)
        self._count -= 1
        if not known:
            del self._variants[variant]


def unit(vector: list[float]) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """The vector with length one."""
    array = np.asarray(vector, dtype=np.float32)
    return array / (np.linalg.norm(array) or np.float32(1))
