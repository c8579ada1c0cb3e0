"""A question with its options, answered as a whole or as it is written."""

import time
from typing import Any

from fastapi import APIRouter, Request

from lab.observe import log
from lab.service.answering import Step, steps
from lab.service.cache.asked import Asked, Hit, Wanted
from lab.service.cache.reply import reply, wishes
from lab.service.cache.streamed import Keeping, Kept
from lab.service.events import Events
from lab.service.models import QueryRequest, QueryResponse
from lab.service.openapi import WORKING, may
from lab.service.pieces import Pieces
from lab.service.routes.depends import Turn

router = APIRouter(tags=["questions"])
EVENTS = "text/event-stream"
STREAM = {
    "description": "The answer; with `stream`, events: `sources`, `token` (a draft), and last `answer` (checked) or `error` (a problem).",
    "content": {
        EVENTS: {
            "schema": {
                "title": "Event",
                "type": "object",
                "properties": {
                    "event": {"enum": ["sources", "token", "answer", "error"]},
                    "data": {"type": "string", "contentMediaType": "application/json"},
                },
                "required": ["event", "data"],
            },
            "example": 'event: sources\ndata: []\n\nevent: token\ndata: {"draft": "Chroma"}\n\nevent: answer\ndata: {"answer": "…"}\n\n',
        }
    },
}


@router.post("/query", response_model=QueryResponse, responses={**may(404, 409, *WORKING), 200: STREAM})
async def query(asked: QueryRequest, request: Request) -> Any:
    """Answer a question from the documents, with all passages that were found; `timings` tell where the time went."""
    if asked.stream or EVENTS in request.headers.get("accept", ""):
        return await _events(asked, request)
    return await reply(request, _of(asked, request), QueryResponse, lambda rag: steps(rag, asked), _response)


async def _events(asked: QueryRequest, request: Request) -> Events:
    started = time.perf_counter()
    cache, wanted = request.app.state.cache, _of(asked, request)
    found = await cache.find(wanted) if all(wishes(request)) else Wanted(wanted, None)
    if isinstance(found, Hit):
        log.note(cached=found.level)
        return Events(Kept(found, time.perf_counter() - started))
    turn, track = Turn(request.app.state.gate, request.receive), request.app.state.metrics.rag.query()
    try:
        made: Pieces[Step] = await turn.stream(lambda rag: steps(rag, asked), asked.collection_name)
    except BaseException as error:
        track.end(error)
        raise
    return Events(Keeping(made, cache, found, track))


def _of(asked: QueryRequest, request: Request) -> Asked:
    collection = asked.collection_name or request.app.state.settings.collection
    return Asked("query", asked.query, collection, asked.top_k, asked.filters)


def _response(made: Any) -> QueryResponse:
    assert isinstance(made, QueryResponse)  # the last of the steps
    return made
