"""The routes. They are plain functions, which FastAPI runs in threads: the pipeline waits for other services."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from lab.service.models import Answered, Health, Ingested, Question, Readiness, Text, Words
from lab.service.pipelines import Pipelines
from lab.settings import Settings

router = APIRouter()


def _pipelines(request: Request) -> Pipelines:
    pipelines: Pipelines = request.app.state.pipelines
    return pipelines


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


Lent = Annotated[Pipelines, Depends(_pipelines)]


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


@router.get("/health")
async def health() -> Health:
    """Alive: the process answers. Restart it when this fails; never because another service is away."""
    return Health()


@router.get("/ready", responses={503: {"model": Readiness}})
def ready(request: Request, response: Response, settings: Annotated[Settings, Depends(_settings)]) -> Readiness:
    """Ready: Chroma and the model server answer, and both models are there. 503 otherwise."""
    readiness: Readiness = request.app.state.probe(settings)
    response.status_code = 200 if readiness.status == "ready" else 503
    return readiness
