"""A question with its options, answered as a whole or as it is written."""

from typing import cast

from fastapi import APIRouter, Request

from lab.service.answering import steps
from lab.service.events import Events
from lab.service.models import QueryRequest, QueryResponse
from lab.service.openapi import WORKING, may
from lab.service.routes.depends import Asking, Turn

router = APIRouter(tags=["questions"])
EVENTS = "text/event-stream"
STREAM = {
    "description": "The answer; with `stream`, events: `sources`, `token` (a draft), and last `answer` (checked) or `error` (a problem).",
    "content": {
        EVENTS: {
            "schema": {"type": "string"},
            "example": 'event: sources\ndata: []\n\nevent: token\ndata: {"draft": "Chroma"}\n\nevent: answer\ndata: {"answer": "…"}\n\n',
        }
    },
}


@router.post("/query", response_model=QueryResponse, responses={**may(404, 409, *WORKING), 200: STREAM})
async def query(asked: QueryRequest, request: Request, turn: Asking) -> QueryResponse | Events:
    """Answer a question from the documents, with all passages that were found; `timings` tell where the time went."""
    if asked.stream or EVENTS in request.headers.get("accept", ""):
        return Events(await turn.stream(lambda rag: steps(rag, asked), asked.collection_name))
    return await answer(asked, turn)


async def answer(asked: QueryRequest, turn: Turn) -> QueryResponse:
    """The one way to an answer. A client that goes away ends the model's work for it."""
    return cast(QueryResponse, await turn.run(lambda rag: steps(rag, asked), asked.collection_name))
