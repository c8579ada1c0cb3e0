"""The first level, against a model that keeps everything in a plain list."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lab.service.cache.memory import MISSING, OVERHEAD, Memory

KEYS = st.sampled_from(["a:1", "a:2", "b:1", "b:2", "b:3"])


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class MemoryMachine(RuleBasedStateMachine):
    """Three entries, and bytes for three small or one large value. The model: (key, value, until), least recently used first."""

    LIMIT = 3 * (OVERHEAD + 40)

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.memory = Memory(3, self.LIMIT, self.clock)
        self.model: list[tuple[str, bytes, float]] = []

    def _alive(self) -> None:
        self.model = [entry for entry in self.model if entry[2] > self.clock.now]

    @rule(key=KEYS, value=st.binary(max_size=60) | st.just(b"x" * 1000), ttl=st.sampled_from([0.0, 1.0, 5.0]))
    def put(self, key: str, value: bytes, ttl: float) -> None:
        self.memory.set(key, value, ttl)
        self._alive()
        self.model = [entry for entry in self.model if entry[0] != key]
        if ttl and len(value) + OVERHEAD <= self.LIMIT:
            self.model.append((key, value, self.clock.now + ttl))
        while len(self.model) > 3 or sum(len(value) + OVERHEAD for _, value, _ in self.model) > self.LIMIT:
            self.model.pop(0)

    @rule(key=KEYS)
    def get(self, key: str) -> None:
        self._alive()
        found = [entry for entry in self.model if entry[0] == key]
        assert self.memory.get(key) == (found[0][1] if found else MISSING)
        self.model = [entry for entry in self.model if entry[0] != key] + found

    @rule(prefix=st.sampled_from(["a:", "b:", ""]))
    def drop(self, prefix: str) -> None:
        self.memory.drop(prefix)
        self.model = [entry for entry in self.model if not entry[0].startswith(prefix)]

    @rule(seconds=st.sampled_from([0.5, 1.0, 4.0]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def within_its_limits(self) -> None:
        self._alive()
        assert len(self.memory) == len(self.model) <= 3
        assert self.memory.size <= self.LIMIT


TestMemory = MemoryMachine.TestCase
TestMemory.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@pytest.mark.parametrize("value", [b"", b"[]", b"0", b"null", b"false"])
def test_an_empty_value_is_kept_like_any_other(value: bytes) -> None:
    memory = Memory(2, 10_000)
    memory.set("key", value, 60)
    assert memory.get("key") == value


def test_each_cache_keeps_its_own() -> None:
    one, two = Memory(2, 10_000), Memory(2, 10_000)
    one.set("key", b"value", 60)
    assert two.get("key") is MISSING


def test_a_cache_that_nobody_holds_is_gone() -> None:
    memory = Memory(2, 10_000)
    memory.set("key", b"value", 60)
    memory.get("key")
    held = weakref.ref(memory)
    del memory
    gc.collect()
    assert held() is None


def test_many_threads_do_no_harm() -> None:
    memory = Memory(20, 1_000_000)

    def use(number: int) -> bool:
        key = f"k{number % 40}"
        memory.set(key, key.encode(), 60)
        return memory.get(key) in (key.encode(), MISSING) and len(memory) <= 20

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(use, range(4000)))
