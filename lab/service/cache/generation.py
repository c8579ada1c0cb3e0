"""In which state the index and the models are: read in the background, so that no question waits for Chroma to be told.

A change made through this process is seen by the next question. One made elsewhere (`lab ingest`, a worker, another replica)
is seen after BOUND seconds at the latest.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from lab.rag.embed import Embedder
from lab.rag.pipeline import Rag
from lab.service.cache.keys import fingerprint, scope_of
from lab.service.pipelines import Open
from lab.settings import Settings

log = logging.getLogger("lab.service")

BOUND = 1.0  # seconds: no answer is older than a change that happened longer ago
AHEAD = 0.5  # part of it after which the state is read again in the background, while questions come
PATIENCE = 2.0  # seconds that a question waits for it; after that it is answered without the cache
COLLECTIONS = 64  # whose state is remembered


@dataclass(frozen=True, slots=True)
class State:
    """`scope` changes with everything that changes answers; while `writing`, the index is between two states."""

    scope: str
    writing: bool
    at: float = 0.0  # when the reading of it began


Read = Callable[[str], State | None]  # of a collection by name; None when it does not exist


class Reader:
    """Asks the store for the collection's note, and the model server for the digests of both models."""

    def __init__(self, settings: Settings, open_rag: Open):
        self.settings = settings
        self._open = open_rag
        self._lock = Lock()  # a store's client is not made for two threads
        self._rag: Rag | None = None  # for its connections only: questions have pipelines of their own

    def __call__(self, collection: str) -> State | None:
        """Raises LabError when one of them is away."""
        with self._lock:
            rag, self._rag = self._rag or self._open(self.settings), None  # connections that met an error are not used again
            found = rag.store.backend.get(collection)
            models = self._digests(rag.embedder)
            self._rag = rag
        if found is None:
            return None
        noted = found.about
        parts = [found.key, noted.get("changed_at"), models, fingerprint(self.settings)]
        return State(scope_of(collection, parts), bool(noted.get("writing")))

    def _digests(self, embedder: Embedder) -> dict[str, Any]:
        from lab.rag.connections import ollama_errors

        wanted = {self.settings.chat_model, self.settings.embed_model}
        with ollama_errors(self.settings, self.settings.chat_model):
            listed = {str(model.model): model.digest for model in embedder.client.list().models}
        return {name: listed.get(name) or listed.get(f"{name}:latest") for name in sorted(wanted)}


class Watch:
    """The last state of each collection that was asked for. `changed` may be called from any thread, the rest from one loop."""

    def __init__(self, read: Read, bound: float = BOUND, clock: Callable[[], float] = time.monotonic):
        self.read = read
        self.bound = bound
        self.clock = clock
        self._known: OrderedDict[str, State] = OrderedDict()
        self._reading: dict[str, tuple[float, asyncio.Task[State | None]]] = {}
        self._changes = 0
        self._lock = Lock()

    def known(self, collection: str) -> State | None:
        """The state, if it is fresh enough; costs no call. Has it read again in good time."""
        state = self._known.get(collection)
        if state is None:
            return None
        age = self.clock() - state.at
        if age > self.bound * AHEAD and not self._under_way(collection):
            self._begin(collection)
        return state if age < self.bound else None

    async def look(self, collection: str) -> State | None:
        """The state as it is now, read after this call began. None: no such collection, or nobody who could say."""
        asked = self.clock()
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    began, task = self._under_way(collection) or self._begin(collection)
                    state = await asyncio.shield(task)
                    if began >= asked:
                        return state
        except TimeoutError:
            return None

    def changed(self, collection: str) -> None:
        """This process begins or ends a change of the collection: what was known of it holds no more."""
        with self._lock:
            self._changes += 1
            self._known.pop(collection, None)

    async def close(self) -> None:
        """Stop reading."""
        tasks = [task for _, task in self._reading.values() if task.get_loop() is asyncio.get_running_loop()]
        self._reading.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _under_way(self, collection: str) -> tuple[float, asyncio.Task[State | None]] | None:
        reading = self._reading.get(collection)
        return reading if reading and reading[1].get_loop() is asyncio.get_running_loop() else None

    def _begin(self, collection: str) -> tuple[float, asyncio.Task[State | None]]:
        began = self.clock()
        self._reading[collection] = began, asyncio.create_task(self._renew(collection, began))
        return self._reading[collection]

    async def _renew(self, collection: str, began: float) -> State | None:
        changes = self._changes
        try:
            read = await asyncio.to_thread(self.read, collection)
        except Exception as error:  # whatever it is: the question is answered without the cache, and says more about it
            log.info("the cache rests: %s", error)
            read = None
        finally:
            self._reading.pop(collection, None)
        state = State(read.scope, read.writing, began) if read else None
        with self._lock:
            if changes != self._changes:  # read before or in the middle of a change: neither kept nor believed
                return None
            self._known.pop(collection, None)
            if state:
                self._known[collection] = state
            while len(self._known) > COLLECTIONS:
                self._known.popitem(last=False)
        return state
