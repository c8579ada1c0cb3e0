"""A question with its options, answered as a whole or as it is written."""

from typing import cast

from fastapi import APIRouter, Request

from lab.service.answering import steps
from lab.service.events import Events
from lab.service.models import QueryRequest, QueryResponse
from lab.service.routes.depends import Asking, Turn

router = APIRouter()
EVENTS = "text/event-stream"


@router.post("/query", response_model=QueryResponse)
async def query(asked: QueryRequest, request: Request, turn: Asking) -> QueryResponse | Events:
    """Answer a question from the documents, with all passages that were found; `timings` tell where the time went."""
    if asked.stream or EVENTS in request.headers.get("accept", ""):
        return Events(await turn.stream(lambda rag: steps(rag, asked), asked.collection_name))
    return await answer(asked, turn)


async def answer(asked: QueryRequest, turn: Turn) -> QueryResponse:
    """The one way to an answer. A client that goes away ends the model's work for it."""
    return cast(QueryResponse, await turn.run(lambda rag: steps(rag, asked), asked.collection_name))
