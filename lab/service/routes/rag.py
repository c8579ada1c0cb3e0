"""Texts in, answers out. A pipeline waits for other services, so its calls go through the gate, which has threads for them."""

from typing import Annotated, cast

from fastapi import APIRouter, Query

from lab.rag.answer import Answer
from lab.service.models import Answered, Ingested, Question, Text, Words
from lab.service.routes.depends import Asking

router = APIRouter()


@router.post("/ingest")
async def ingest(body: Text, turn: Asking) -> Ingested:
    """Bring a text into the index. The same text twice changes nothing."""
    return Ingested.of(await turn.run(lambda rag: rag.ingest_text(body.text, body.source)))


@router.post("/rag")
async def ask(body: Question, turn: Asking) -> Answered:
    """Answer a question from the documents, with the passages that the answer rests on."""
    return Answered.of(cast(Answer, await turn.run(lambda rag: rag.stream(body.query))))


@router.get("/rag")
async def ask_by_address(query: Annotated[Words, Query()], turn: Asking) -> Answered:
    """The same for a browser's address line. Prefer POST: addresses end up in logs and histories."""
    return await ask(Question(query=query), turn)
