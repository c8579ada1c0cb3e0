"""Which models are in memory, for how long, and whose turn it is."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from typing import Any

from lab.engine.environment import ServerSettings
from lab.engine.errors import EngineError
from lab.engine.model import Model
from lab.engine.runner import Runner

MIN_CONTEXT = 4  # tokens; Ollama raises less to this

Load = Callable[[Model, int, int], Any]  # model, tokens per slot, slots


class Busy(EngineError):
    """More requests wait than OLLAMA_MAX_QUEUE allows."""

    def __init__(self) -> None:
        super().__init__(503, "server busy, please try again.  maximum pending requests exceeded")


def load_runner(model: Model, num_ctx: int, parallel: int) -> Runner:
    """A runner for the model, whatever it is for."""
    return Runner(model.gguf, num_ctx, parallel, embedding="embedding" in model.capabilities)


@dataclass
class Loaded:
    """A model in memory, or on its way there."""

    model: Model
    num_ctx: int
    loading: "asyncio.Task[Any]"
    keep_alive: float  # seconds without a request until it is unloaded
    active: int = 0  # requests that use it now
    last_used: float = field(default_factory=time)
    closing: bool = False  # gone as soon as nobody uses it
    timer: asyncio.TimerHandle | None = None

    @property
    def runner(self) -> Any:
        """The loaded runner."""
        return self.loading.result()

    @property
    def ready(self) -> bool:
        """Loaded, without an error."""
        return self.loading.done() and not self.loading.cancelled() and self.loading.exception() is None

    @property
    def expires_at(self) -> float:
        """When it is unloaded if nobody asks again, in seconds since 1970."""
        return 0.0 if self.closing else self.last_used + self.keep_alive


class Scheduler:
    """Loads models on demand and unloads those that nobody has used for a while. Lives on the event loop."""

    def __init__(self, settings: ServerSettings, load: Load = load_runner):
        self.settings = settings
        self.loaded: dict[Path, Loaded] = {}  # by weights: models that share them share the memory
        self._load_runner = load
        self._changed = asyncio.Condition()
        self._waiting = 0
        self._freeing: set[asyncio.Task[None]] = set()

    def context_length(self, model: Model, asked: int) -> int:
        """Tokens per request: what was asked or the default, but not more than the model was trained on, and at least four."""
        wanted = max(asked, MIN_CONTEXT) if asked else self.settings.context_length
        return min(wanted, model.context_length or wanted)

    @asynccontextmanager
    async def use(self, model: Model, num_ctx: int, keep_alive: float | None = None) -> AsyncIterator[Loaded]:
        """The loaded model, with a place in it for this request. Waits for both. Raises Busy, or EngineError."""
        entry = await self._place(model, num_ctx)
        try:
            await asyncio.shield(entry.loading)
            yield entry
        finally:
            entry.active -= 1
            entry.last_used = time()
            if keep_alive is not None:  # a request that does not say leaves what an earlier one said
                entry.keep_alive = keep_alive
            self._rest(entry)
            await self._notify()

    async def unload(self, model: Model) -> None:
        """Free the model's memory: now, or when the last request that uses it has ended."""
        entry = self.loaded.get(model.gguf)
        if entry:
            entry.closing = True
            self._rest(entry)
            await self._notify()

    async def close(self) -> None:
        """Free everything that is not in use."""
        for entry in list(self.loaded.values()):
            entry.closing = True
            self._rest(entry)
        await asyncio.gather(*self._freeing)

    async def _place(self, model: Model, num_ctx: int) -> Loaded:
        async with self._changed:
            while (entry := self._try_place(model, num_ctx)) is None:
                if self._waiting >= self.settings.max_queue:
                    raise Busy
                self._waiting += 1
                try:
                    await self._changed.wait()
                finally:
                    self._waiting -= 1
            return entry

    def _try_place(self, model: Model, num_ctx: int) -> Loaded | None:
        """A place in the loaded model, or in one that starts to load now; None when somebody else must end first."""
        entry = self.loaded.get(model.gguf)
        if entry and entry.num_ctx == num_ctx and not entry.closing:
            return self._join(entry) if entry.active < self.settings.num_parallel else None
        if entry:  # loaded with another context size
            entry.closing = True
            return None if entry.active else self._replace(entry, model, num_ctx)
        if len(self.loaded) < self.settings.max_loaded:
            return self._join(self._start(model, num_ctx))
        idle = [other for other in self.loaded.values() if not other.active]
        oldest = min(idle, key=lambda other: other.last_used, default=None)
        return self._replace(oldest, model, num_ctx) if oldest else None

    def _replace(self, entry: Loaded, model: Model, num_ctx: int) -> Loaded:
        self._free(entry)
        return self._join(self._start(model, num_ctx))

    def _join(self, entry: Loaded) -> Loaded:
        entry.active += 1
        _stop_timer(entry)
        return entry

    def _start(self, model: Model, num_ctx: int) -> Loaded:
        loading = asyncio.create_task(self._load(model, num_ctx))
        entry = Loaded(model, num_ctx, loading, self.settings.keep_alive)
        self.loaded[model.gguf] = entry
        loading.add_done_callback(lambda _: self._forget_failed(entry))
        return entry

    async def _load(self, model: Model, num_ctx: int) -> Any:
        await asyncio.gather(*self._freeing)  # first the old, then the new: memory for both may not be there
        return await asyncio.to_thread(self._load_runner, model, num_ctx, self.settings.num_parallel)

    def _forget_failed(self, entry: Loaded) -> None:
        if not entry.ready:
            entry.closing = True
            self._drop(entry)

    def _rest(self, entry: Loaded) -> None:
        """Nobody uses the model now: unload it, or set the time for that."""
        if entry.active or self.loaded.get(entry.model.gguf) is not entry:
            return
        _stop_timer(entry)
        if entry.closing or entry.keep_alive <= 0:
            self._free(entry)
        elif math.isfinite(entry.keep_alive):
            entry.timer = asyncio.get_running_loop().call_later(entry.keep_alive, self._expire, entry)

    def _expire(self, entry: Loaded) -> None:
        entry.closing = True
        self._rest(entry)

    def _free(self, entry: Loaded) -> None:
        self._drop(entry)
        task = asyncio.create_task(_close(entry))
        self._freeing.add(task)
        task.add_done_callback(self._freeing.discard)

    def _drop(self, entry: Loaded) -> None:
        if self.loaded.get(entry.model.gguf) is entry:
            del self.loaded[entry.model.gguf]

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _stop_timer(entry: Loaded) -> None:
    if entry.timer:
        entry.timer.cancel()
        entry.timer = None


async def _close(entry: Loaded) -> None:
    await asyncio.wait([entry.loading])
    if entry.ready:
        runner = entry.runner
        await asyncio.to_thread(runner.close)
