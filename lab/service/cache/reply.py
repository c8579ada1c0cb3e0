"""The cache for routes: a question's answer as an HTTP response, kept or new.

`Cache-Control: no-cache` has it made anew, `no-store` has it neither read nor kept: what HTTP says about a request's header.
"""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import Request, Response
from pydantic import BaseModel

from lab.observe import log
from lab.service.cache.answers import AnswerCache
from lab.service.cache.asked import Asked, Hit
from lab.service.cache.wire import send
from lab.service.gate import Call, Gate
from lab.service.routes.depends import Turn

Model = TypeVar("Model", bound=BaseModel)


async def reply(request: Request, asked: Asked, model: type[Model], call: Call[Any], finish: Callable[[Any], Model]) -> Response | Model:
    """The response. A kept answer costs neither a thread nor a place at the gate; a new one is made once for all who ask now."""
    started = time.perf_counter()
    cache: AnswerCache[Any] = request.app.state.cache
    read, store = wishes(request)
    if understood := request.scope.get("understood"):  # by lab.service.cache.front
        understood(asked, model)
    if read and (hit := cache.peek(asked)):
        return _sent(hit, model, started)
    gate: Gate = request.app.state.gate

    @request.app.state.metrics.rag.track_query  # what is kept, or computed for somebody else, is no new question
    async def compute() -> Model:
        return finish(await gate.run(call, asked.collection))

    outcome = await Turn(gate, request.receive).unless_gone(cache.answer(asked, compute, read, store))
    return _sent(outcome, model, started) if isinstance(outcome, Hit) else outcome


def wishes(request: Request) -> tuple[bool, bool]:
    """May a kept answer be given, and may a new one be kept?"""
    header = request.headers.get("cache-control", "").lower()
    return not ("no-cache" in header or "no-store" in header), "no-store" not in header


def _sent(hit: Hit, model: type[BaseModel], started: float) -> Response:
    log.note(cached=hit.level)
    body = send(hit.kept, hit.level, time.perf_counter() - started, model)
    return Response(body, media_type="application/json", headers={"X-Cache": hit.level})
