"""Puts the API together: `uvicorn --factory lab.service.app:create_app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from lab.rag.pipeline import Rag
from lab.service.errors import handle_errors
from lab.service.gate import Gate
from lab.service.pipelines import Open, Pipelines
from lab.service.readiness import Probe, read_readiness
from lab.service.routes import router
from lab.settings import Settings, get_settings


def create_app(settings: Settings | None = None, open_rag: Open = Rag.open, probe: Probe = read_readiness) -> FastAPI:
    """The application. It starts while Chroma and Ollama are away; /ready tells when they have come."""
    settings = settings or get_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        open_rag(settings)  # loads the libraries, some seconds, before the first question; connects to nothing
        yield
        app.state.gate.close()

    app = FastAPI(title="Slipway RAG API", lifespan=lifespan)
    app.state.settings, app.state.gate, app.state.probe = settings, Gate(Pipelines(settings, open_rag), settings), probe
    app.include_router(router)
    handle_errors(app)
    return app
