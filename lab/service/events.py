"""Server-sent events of one answer: `sources`, `token` (a draft), and last `answer` (checked) or `error` (a problem)."""

import json
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from pydantic import TypeAdapter
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from lab.errors import LabError
from lab.service.answering import Step
from lab.service.errors import INSIDE, of_lab_error, problem
from lab.service.models import QueryResponse, SearchResult

log = logging.getLogger("lab.service")
SOURCES = TypeAdapter(list[SearchResult])
PING = 10  # seconds: proxies close a connection on which nothing is said


class Events(EventSourceResponse):
    """The events as they come. A client that goes away closes `events`, whatever they wait for."""

    def __init__(self, events: AsyncGenerator[ServerSentEvent, None]):
        super().__init__(events, ping=PING, sep="\n")
        self.events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        async with aclosing(self.events):
            await super().__call__(scope, receive, send)


async def streamed(steps: AsyncGenerator[Step, None]) -> Events:
    """The answer to a request. What fails before anything was found raises, and gets a status of its own."""
    first = await anext(steps)
    return Events(_events(first, steps))


async def _events(first: Step, rest: AsyncGenerator[Step, None]) -> AsyncGenerator[ServerSentEvent, None]:
    async with aclosing(rest):
        yield _event(first)
        try:
            async for step in rest:
                yield _event(step)
        except LabError as error:  # the status was sent long ago
            yield _named("error", bytes(of_lab_error(error).body).decode())
        except Exception:
            log.exception("an answer broke off")
            yield _named("error", bytes(problem(500, "Internal Server Error", INSIDE).body).decode())


def _event(step: Step) -> ServerSentEvent:
    if isinstance(step, QueryResponse):
        return _named("answer", step.model_dump_json())
    if isinstance(step, str):
        return _named("token", json.dumps({"draft": step}, ensure_ascii=False))
    return _named("sources", SOURCES.dump_json(step).decode())


def _named(name: str, data: Any) -> ServerSentEvent:
    return ServerSentEvent(data=data, event=name, sep="\n")
