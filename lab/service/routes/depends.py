"""What routes are handed: made once, with the application, in `create_app`.

A route that needs a pipeline is `async` and goes through the gate, which decides who may run, wait or is refused:

    @router.post("/rag")
    async def ask(body: Question, turn: Asking) -> Answered:
        return Answered.of(await turn.run(lambda rag: rag.ask(body.query)))

`turn.run(call, collection)` does a call in a thread of the gate's, with a pipeline over that collection (none: COLLECTION).
If the call returns a generator, `run` gives its last piece, and can stop it in between: prefer `lambda rag: rag.stream(...)` to
`rag.ask(...)`, so that a client that goes away frees its place at the next word.

`await turn.stream(call, collection)` gives an asynchronous iterator over a generator's pieces, as soon as the first one is there.
A queue that is full, Chroma away, an empty question: all that fails before the first piece is raised by this `await`, so it gets a
status of its own. Hand the iterator to `EventSourceResponse`; when that is cancelled, the call ends at its next piece.

Both raise `gate.Busy` and `gate.Stopping` (503), `pieces.Late` (504), `Gone` (the client left), and what the call raises; every
error becomes a problem in `lab.service.errors`, so a route catches none of them.
`lab.observe.log.note(cached="memory")` puts a field on the request's line in the log; `Measured` has the counters.
`Gated` is the gate itself, for work that several clients wait for: there one that leaves must not stop it for the others.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from starlette.types import Receive

from lab.observe.metrics import Metrics
from lab.service.cache.answers import AnswerCache
from lab.service.gate import Call, Gate, Gone
from lab.service.pieces import Pieces
from lab.settings import Settings

T = TypeVar("T")


@dataclass
class Turn:
    """The gate, on behalf of one client: when that one goes away, it leaves the line too."""

    gate: Gate
    receive: Receive

    async def run(self, call: Call[T], collection: str | None = None) -> T:
        """See `Gate.run`."""
        return await self.unless_gone(self.gate.run(call, collection))

    async def stream(self, call: Call[T], collection: str | None = None) -> Pieces[T]:
        """See `Gate.stream`."""
        return await self.unless_gone(self.gate.stream(call, collection))

    async def unless_gone(self, work: Awaitable[T]) -> T:
        """The result of the work; it is cancelled when the client goes away. Raises Gone."""
        task, watch = asyncio.ensure_future(work), asyncio.ensure_future(self._gone())
        try:
            await asyncio.wait((task, watch), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise Gone("The client has gone.")
        finally:
            for one in (task, watch):
                one.cancel()
            await asyncio.gather(task, watch, return_exceptions=True)

    async def _gone(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass


# async, though nothing is awaited: FastAPI would run plain functions in its threads, which costs more than they do
async def _gate(request: Request) -> Gate:
    gate: Gate = request.app.state.gate
    return gate


async def _turn(request: Request) -> Turn:
    return Turn(request.app.state.gate, request.receive)


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


async def _caller(request: Request) -> str:
    return str(getattr(request.state, "caller", ""))


async def _cache(request: Request) -> AnswerCache[Any]:
    cache: AnswerCache[Any] = request.app.state.cache
    return cache


Asking = Annotated[Turn, Depends(_turn)]
Gated = Annotated[Gate, Depends(_gate)]
Answers = Annotated[AnswerCache[Any], Depends(_cache)]
Given = Annotated[Settings, Depends(_settings)]
Measured = Annotated[Metrics, Depends(_metrics)]
Caller = Annotated[str, Depends(_caller)]  # the name of the key that was sent; empty when the API needs none
