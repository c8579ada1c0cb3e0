"""One running generation: a worker thread writes, the event loop reads, and both can end it."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

import orjson

from lab.engine.errors import EngineError

Callback = Callable[[bytes], bool]

# Seconds between two deliveries. Tokens that come faster are delivered together, each as its own piece: every delivery
# wakes the server and the client, and on two cores that time is taken from the model.
TOGETHER = 0.04


class Piece(NamedTuple):
    """A piece of the answer, usually one token."""

    text: str
    logprobs: list[dict[str, Any]]


class Ending(NamedTuple):
    """How an answer ended, and llama.cpp's own counts and times."""

    reason: str  # stop or length
    prompt_tokens: int
    prompt_ms: float
    tokens: int
    ms: float


class Completion:
    """Pieces of an answer as they come, in batches: what waited while the reader was busy comes at once.

    llama.cpp calls back in its own time and in a worker thread. `aclose` makes the next callback end the generation and
    returns when the model is free. Callbacks come for each token and for each batch of the prompt.
    """

    def __init__(self, call: Callable[[bytes, Callback], Any], body: dict[str, Any]):
        self._call = call
        self._body = orjson.dumps({**body, "stream": True, "return_progress": True})
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[bytes | Exception | None] = deque()
        self._wake = asyncio.Event()
        self._stop = False
        self._ended = False
        self._resting = False  # no delivery now: what comes waits for the next one
        threading.Thread(target=self._run, name="completion", daemon=True).start()

    # --- worker thread ---

    def _run(self) -> None:
        try:
            self._call(self._body, self._receive)
        except Exception as error:
            self._receive(error)
        self._receive(None)

    def _receive(self, chunk: bytes | Exception | None) -> bool:
        self._waiting.append(chunk)  # first this, then the look: the reader may empty it at any moment
        if chunk is None or (len(self._waiting) == 1 and not self._resting):
            try:
                self._loop.call_soon_threadsafe(self._wake.set)
            except RuntimeError:  # the loop is closed: the server has ended
                return True
        return self._stop

    # --- event loop ---

    async def batches(self) -> AsyncIterator[list[Piece | Ending]]:
        """Lists of pieces; the last piece of the last list is the Ending. Raises EngineError."""
        while not self._ended:
            if batch := [item for chunk in await self._next() for item in _read(chunk)]:
                self._resting = True
                self._loop.call_later(TOGETHER, self._rested)
                yield batch

    async def _next(self) -> list[bytes | Exception]:
        chunks: list[bytes | Exception] = []
        await self._wake.wait()
        self._wake.clear()
        while self._waiting:
            chunk = self._waiting.popleft()
            if chunk is None:
                self._ended = True
            else:
                chunks.append(chunk)
        return chunks

    def _rested(self) -> None:
        self._resting = False
        if self._waiting:
            self._wake.set()

    async def aclose(self) -> None:
        """End the generation; returns when the model is free."""
        self._stop = True
        while not self._ended:
            await self._next()


def _read(chunk: bytes | Exception) -> list[Piece | Ending]:
    if isinstance(chunk, Exception):
        raise EngineError(500, str(chunk)) from chunk
    data = orjson.loads(chunk)
    if error := data.get("error"):
        raise EngineError(error["code"], error["message"])
    choice = data["choices"][0]
    if choice["finish_reason"]:
        times = data["timings"]
        counts = (times["cache_n"] + times["prompt_n"], times["prompt_ms"], times["predicted_n"], times["predicted_ms"])
        return [Ending("length" if choice["finish_reason"] == "length" else "stop", *counts)]
    logprobs = (choice["logprobs"] or {}).get("content", [])
    return [Piece(choice["text"], logprobs)] if choice["text"] or logprobs else []
