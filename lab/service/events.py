"""Server-sent events of one answer: `sources`, `token` (a draft), and last `answer` (checked) or `error` (a problem)."""

import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Protocol

from pydantic import TypeAdapter
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from lab.errors import LabError
from lab.service.answering import Step
from lab.service.errors import INSIDE, of_lab_error, problem
from lab.service.models import QueryResponse, SearchResult

log = logging.getLogger("lab.service")
FOUND = TypeAdapter(list[SearchResult])
PING = 10  # seconds: proxies close a connection on which nothing is said


class Steps(Protocol):
    """Steps as they come; `aclose` ends the work for them."""

    def __aiter__(self) -> AsyncIterator[Step]:
        """The steps."""
        ...

    async def aclose(self) -> None:
        """Nobody reads on."""
        ...


class Events(EventSourceResponse):
    """The steps as events, as they come. A client that goes away ends the work at its next step."""

    def __init__(self, steps: Steps):
        super().__init__(_events(steps), ping=PING, sep="\n")
        self.steps = steps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        async with aclosing(self.steps):  # also when nothing of them was read yet
            await super().__call__(scope, receive, send)


async def _events(steps: Steps) -> AsyncGenerator[ServerSentEvent, None]:
    try:
        async for step in steps:
            yield _event(step)
    except LabError as error:  # the status was sent long ago
        yield _named("error", bytes(of_lab_error(error).body))
    except Exception:
        log.exception("an answer broke off")
        yield _named("error", bytes(problem(500, "Internal Server Error", INSIDE).body))


def _event(step: Step) -> ServerSentEvent:
    if isinstance(step, QueryResponse):
        return _named("answer", step.model_dump_json().encode())
    if isinstance(step, str):
        return _named("token", json.dumps({"draft": step}, ensure_ascii=False).encode())
    return _named("sources", FOUND.dump_json(step))


def _named(name: str, data: bytes) -> ServerSentEvent:
    return ServerSentEvent(data=data.decode(), event=name, sep="\n")
