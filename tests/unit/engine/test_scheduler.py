"""Which models are in memory, and whose turn it is: with a runner that only counts."""

import asyncio
import math
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.engine.environment import ServerSettings
from lab.engine.errors import EngineError
from lab.engine.scheduler import Busy, Scheduler


class FakeRunner:
    """Says what happened to it."""

    def __init__(self, log: list[str], name: str, num_ctx: int):
        self.log = log
        self.name = f"{name}@{num_ctx}"
        log.append(f"load {self.name}")

    def close(self) -> None:
        self.log.append(f"close {self.name}")


class Lab:
    """A scheduler with three models, and what has been loaded and closed."""

    def __init__(self, **settings: Any):
        self.log: list[str] = []
        self.broken: set[str] = set()
        self.scheduler = Scheduler(ServerSettings(**settings), self.load)

    def load(self, model: Any, num_ctx: int, parallel: int) -> FakeRunner:
        if model.name in self.broken:
            raise EngineError(500, "unable to load model")
        return FakeRunner(self.log, model.name, num_ctx)

    def use(self, name: str, num_ctx: int = 100, keep_alive: float | None = None) -> Any:
        model: Any = SimpleNamespace(name=name, gguf=Path(name), context_length=8192)
        return self.scheduler.use(model, num_ctx, keep_alive)

    async def ask(self, name: str, num_ctx: int = 100, keep_alive: float | None = None) -> None:
        async with self.use(name, num_ctx, keep_alive):
            pass

    @property
    def loaded(self) -> list[str]:
        return sorted(entry.model.name for entry in self.scheduler.loaded.values())


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 10))


async def turns() -> None:
    """Lets everything run that can run without a thread."""
    for _ in range(20):
        await asyncio.sleep(0)


async def settle(lab: Lab) -> None:
    """Waits until what is being freed is free."""
    await asyncio.gather(*lab.scheduler._freeing)


def test_a_model_is_loaded_once() -> None:
    async def test() -> None:
        lab = Lab()
        await lab.ask("a")
        await lab.ask("a")
        assert lab.log == ["load a@100"]

    run(test)


def test_requests_at_the_same_time_load_once() -> None:
    async def test() -> None:
        lab = Lab()
        await asyncio.gather(*(lab.ask("a") for _ in range(5)))
        assert lab.log == ["load a@100"]

    run(test)


def test_keep_alive_zero_unloads_after_the_answer() -> None:
    async def test() -> None:
        lab = Lab()
        await lab.ask("a", keep_alive=0)
        await settle(lab)
        assert lab.log == ["load a@100", "close a@100"]

    run(test)


def test_an_unused_model_is_unloaded_in_time() -> None:
    async def test() -> None:
        lab = Lab(keep_alive=0.05)
        await lab.ask("a")
        while lab.loaded:
            await asyncio.sleep(0.01)
        await settle(lab)
        assert lab.log == ["load a@100", "close a@100"]

    run(test)


def test_a_model_in_use_does_not_expire() -> None:
    async def test() -> None:
        lab = Lab(keep_alive=0.05)
        await lab.ask("a")
        async with lab.use("a", keep_alive=60) as entry:
            assert entry.timer is None
        assert entry.expires_at == pytest.approx(entry.last_used + 60)

    run(test)


def test_a_model_kept_for_ever_never_expires() -> None:
    async def test() -> None:
        lab = Lab()
        async with lab.use("a", keep_alive=math.inf):
            entry = lab.scheduler.loaded[Path("a")]
        assert (entry.expires_at, entry.timer) == (math.inf, None)

    run(test)


def test_a_request_that_does_not_say_keeps_the_time_of_an_earlier_one() -> None:
    async def test() -> None:
        lab = Lab()
        await lab.ask("a", keep_alive=math.inf)
        async with lab.use("a") as entry:
            pass
        assert entry.keep_alive == math.inf

    run(test)


def test_another_context_size_loads_again() -> None:
    async def test() -> None:
        lab = Lab()
        await lab.ask("a", 100)
        await lab.ask("a", 200)
        assert lab.log == ["load a@100", "close a@100", "load a@200"]

    run(test)


def test_another_context_size_waits_for_the_running_answer() -> None:
    async def test() -> None:
        lab = Lab()
        async with lab.use("a", 100):
            other = asyncio.create_task(lab.ask("a", 200))
            await turns()
            assert lab.log == ["load a@100"]
        await other
        assert lab.log[-1] == "load a@200"

    run(test)


def test_a_full_memory_drops_the_model_unused_for_longest() -> None:
    async def test() -> None:
        lab = Lab(max_loaded=2)
        for name in ("a", "b", "a", "c"):
            await lab.ask(name)
        assert lab.loaded == ["a", "c"]

    run(test)


def test_a_model_in_use_is_not_dropped() -> None:
    async def test() -> None:
        lab = Lab(max_loaded=1)
        async with lab.use("a"):
            other = asyncio.create_task(lab.ask("b"))
            await turns()
            assert lab.loaded == ["a"]
        await other
        assert lab.loaded == ["b"]

    run(test)


def test_one_model_answers_as_many_at_once_as_it_has_places() -> None:
    async def test() -> None:
        lab = Lab(num_parallel=2)
        async with lab.use("a"), lab.use("a"):
            third = asyncio.create_task(lab.ask("a"))
            await turns()
            assert not third.done()
        await third

    run(test)


def test_a_full_queue_refuses() -> None:
    async def test() -> None:
        lab = Lab(max_queue=1)
        async with lab.use("a"):
            waiting = asyncio.create_task(lab.ask("a"))
            await turns()
            with pytest.raises(Busy, match="maximum pending requests exceeded"):
                await lab.ask("a")
        await waiting

    run(test)


def test_a_cancelled_waiter_leaves_the_queue() -> None:
    async def test() -> None:
        lab = Lab(max_queue=1)
        async with lab.use("a"):
            waiting = asyncio.create_task(lab.ask("a"))
            await turns()
            waiting.cancel()
            await asyncio.wait([waiting])
            patient = asyncio.create_task(lab.ask("a"))
            await turns()
        await patient

    run(test)


def test_weights_that_do_not_load_are_an_error_each_time() -> None:
    async def test() -> None:
        lab = Lab()
        lab.broken.add("a")
        for _ in range(2):
            with pytest.raises(EngineError, match="unable to load model"):
                await lab.ask("a")
        assert lab.loaded == []
        lab.broken.clear()
        await lab.ask("a")
        assert lab.loaded == ["a"]

    run(test)


def test_everybody_who_waits_for_broken_weights_hears_of_it() -> None:
    async def test() -> None:
        lab = Lab(num_parallel=3)
        lab.broken.add("a")
        answers = await asyncio.gather(*(lab.ask("a") for _ in range(3)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [EngineError] * 3

    run(test)


def test_unloading_a_model_in_use_waits_for_its_answer() -> None:
    async def test() -> None:
        lab = Lab()
        async with lab.use("a") as entry:
            await lab.scheduler.unload(entry.model)
            assert lab.log == ["load a@100"]
        await settle(lab)
        assert lab.log == ["load a@100", "close a@100"]

    run(test)


def test_a_request_cancelled_while_loading_leaves_a_usable_model() -> None:
    async def test() -> None:
        lab = Lab()
        asking = asyncio.create_task(lab.ask("a"))
        await turns()
        asking.cancel()
        await asyncio.wait([asking])
        await lab.ask("a")
        assert lab.log == ["load a@100"]

    run(test)


def test_the_context_is_not_longer_than_the_model_was_trained_for() -> None:
    scheduler = Lab(context_length=4096).scheduler
    model: Any = SimpleNamespace(context_length=512)
    assert [scheduler.context_length(model, asked) for asked in (0, 256, 9999, 1, -1)] == [512, 256, 512, 4, 4]
