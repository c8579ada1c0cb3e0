"""Texts in, answers out: plain functions, which FastAPI runs in threads: a pipeline waits for other services."""

from typing import Annotated

from fastapi import APIRouter, Query

from lab.service.models import Answered, Ingested, Question, Text, Words
from lab.service.routes.depends import Lent

router = APIRouter()


@router.post("/ingest")
def ingest(body: Text, pipelines: Lent) -> Ingested:
    """Bring a text into the index. The same text twice changes nothing."""
    with pipelines.borrow() as rag:
        return Ingested.of(rag.ingest_text(body.text, body.source))


@router.post("/rag")
def ask(body: Question, pipelines: Lent) -> Answered:
    """Answer a question from the documents, with the passages that the answer rests on."""
    with pipelines.borrow() as rag:
        return Answered.of(rag.ask(body.query))


@router.get("/rag")
def ask_by_address(query: Annotated[Words, Query()], pipelines: Lent) -> Answered:
    """The same for a browser's address line. Prefer POST: addresses end up in logs and histories."""
    return ask(Question(query=query), pipelines)
