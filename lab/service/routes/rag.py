"""Texts in, answers out. A pipeline waits for other services, so its calls go through the gate, which has threads for them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from lab.rag.answer import IngestReport
from lab.rag.pipeline import Rag
from lab.service.answering import measured
from lab.service.cache.asked import Asked
from lab.service.cache.reply import reply
from lab.service.indexing import counted
from lab.service.models import Answered, Ingested, Question, Text, Words
from lab.service.openapi import WORKING, may
from lab.service.routes.depends import Answers, Asking, Given

router = APIRouter(responses=may(409, *WORKING))


@router.post("/ingest", tags=["documents"])
async def ingest(body: Text, turn: Asking, answers: Answers, settings: Given) -> Ingested:
    """Bring a text into the index. The same text twice changes nothing."""

    def change(rag: Rag) -> IngestReport:
        return counted(lambda: rag.ingest_text(body.text, body.source))

    return Ingested.of(await turn.run(answers.changing(settings.collection, change)))


@router.post("/rag", response_model=Answered, tags=["questions"], responses=may(404))
async def ask(body: Question, request: Request) -> Any:
    """Answer a question from the documents, with the passages that the answer rests on."""
    settings = request.app.state.settings
    asked = Asked("rag", body.query, settings.collection, settings.top_k)
    return await reply(request, asked, Answered, lambda rag: measured(rag, body.query), Answered.of)


@router.get("/rag", response_model=Answered, tags=["questions"], responses=may(404))
async def ask_by_address(query: Annotated[Words, Query()], request: Request) -> Any:
    """The same for a browser's address line. Prefer POST: addresses end up in logs and histories."""
    return await ask(Question(query=query), request)
