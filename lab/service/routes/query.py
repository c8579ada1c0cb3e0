"""A question with its options, answered as a whole or as it is written."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from lab.service.answering import Answering
from lab.service.events import Events, streamed
from lab.service.models import QueryRequest, QueryResponse
from lab.service.presence import Gone, while_present

router = APIRouter()
EVENTS = "text/event-stream"


def _answering(request: Request) -> Answering:
    answering: Answering = request.app.state.answering
    return answering


@router.post("/query", response_model=QueryResponse)
async def query(asked: QueryRequest, request: Request, answering: Annotated[Answering, Depends(_answering)]) -> QueryResponse | Response:
    """Answer a question from the documents, with all passages that were found."""
    if asked.stream or EVENTS in request.headers.get("accept", ""):
        events: Events = await streamed(answering.steps(asked))
        return events
    try:
        return await while_present(request, answering.answer(asked))
    except Gone:
        return Response(status_code=499)  # nobody reads it; the log does
