"""Is it alive, is it ready, how is it doing: asked by Docker, by load balancers, by Prometheus and by people."""

import asyncio
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from lab.service.models import Health, Readiness
from lab.service.readiness import Look
from lab.service.routes.depends import Measured

router = APIRouter()
PATIENCE = 1.5  # seconds of a scrape for the look at other services; Prometheus waits for 4, that of lesson 09 for 2
NUMBERS = {"schema": {"type": "string"}, "example": 'rag_answers_total{state="grounded"} 12.0\n'}


async def _look(request: Request) -> Look:
    look: Look = request.app.state.look
    return look


Looked = Annotated[Look, Depends(_look)]


@router.get("/health")
async def health() -> Health:
    """Alive: the process answers. Restart it when this fails; never because another service is away."""
    return Health()


@router.get("/ready", responses={503: {"model": Readiness}})
async def ready(response: Response, look: Looked) -> Readiness:
    """Ready: Chroma and the model server answer, both models are there, and so is Redis where the lab has one. 503 otherwise."""
    readiness = await look.now()
    response.status_code = 200 if readiness.status == "ready" else 503
    return readiness


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": NUMBERS}}})
async def metrics(measured: Measured, look: Looked) -> Response:
    """Counters, durations and what is going on, as Prometheus reads it."""
    with suppress(TimeoutError):  # a service that hangs must not make the API look dead: the look goes on, and the next scrape shows it
        async with asyncio.timeout(PATIENCE):
            await look.now()
    return Response(await asyncio.to_thread(measured.text), headers={"Content-Type": CONTENT_TYPE_LATEST})
