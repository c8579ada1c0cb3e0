"""Puts the API together. `python -m lab.service` serves it; `uvicorn --factory lab.service.app:create_app` does too."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from lab.observe import processes
from lab.observe.current import of_application
from lab.observe.metrics import Metrics
from lab.rag.pipeline import Rag
from lab.service.auth import origins
from lab.service.cache.answers import AnswerCache
from lab.service.cache.front import Front
from lab.service.cache.generation import Reader
from lab.service.errors import handle_errors
from lab.service.gate import Gate
from lab.service.middleware import Guard, Observe
from lab.service.openapi import describe
from lab.service.pipelines import Open, Pipelines
from lab.service.readiness import Look, Probe, read_readiness
from lab.service.routes import routes
from lab.service.tasks.queue import TaskQueue, open_queue
from lab.settings import Settings, get_settings

METHODS = ("GET", "POST", "DELETE")  # that pages of API_ORIGINS may use, with these headers; and headers that they may read
HEADERS = ("Authorization", "Content-Type", "X-API-Key", "X-Request-ID")
SHOWN = ("X-Request-ID", "Retry-After", "Location")


def create_app(
    settings: Settings | None = None, open_rag: Open = Rag.open, probe: Probe = read_readiness, queue: TaskQueue | None = None
) -> FastAPI:
    """The application. It starts while Chroma and Ollama are away; /ready tells when they have come."""
    settings = settings or get_settings()
    processes.begin(os.getppid())  # several processes that serve one port have one parent
    metrics, gate = of_application(), Gate(Pipelines(settings, open_rag), settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        open_rag(settings)  # loads the libraries, some seconds, before the first question; connects to nothing
        yield
        gate.drain()
        gate.close()
        await app.state.cache.close()

    app = FastAPI(title="RAG API", version="1.0.0", lifespan=lifespan)
    app.state.settings, app.state.gate, app.state.metrics = settings, gate, metrics
    app.state.cache = AnswerCache(settings, Reader(settings, open_rag))
    app.state.cache.stats.publish(metrics.cache)
    app.state.queue = queue or open_queue(settings)
    if settings.has_redis:
        from lab.service.tasks.depth import Depth  # Celery takes half a second to import

        metrics.scraped.register(Depth(settings))
    app.state.look = Look(settings, probe, gate, metrics)
    gate.on_refused = metrics.refused.inc
    gate.on_change = metrics.questions
    app.router.routes.extend(routes)
    handle_errors(app)
    describe(app)
    _surround(app, settings, metrics)
    return app


def _surround(app: FastAPI, settings: Settings, metrics: Metrics) -> None:
    """The middleware, from the inside to the outside."""
    app.add_middleware(Front, cache=app.state.cache)
    app.add_middleware(Guard, settings=settings)
    if allowed := origins(settings.api_origins):
        app.add_middleware(
            CORSMiddleware, allow_origins=allowed, allow_methods=METHODS, allow_headers=HEADERS, expose_headers=SHOWN, max_age=600
        )
    app.add_middleware(Observe, metrics=metrics)
