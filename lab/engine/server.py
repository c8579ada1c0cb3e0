"""The HTTP server: routes, errors, start and end."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lab.engine import openai, routes_embed, routes_generate, routes_models
from lab.engine.answering import Engine
from lab.engine.environment import ServerSettings
from lab.engine.errors import EngineError
from lab.engine.middleware import AccessLog, CancelOnDisconnect, Gate
from lab.engine.responses import error_json
from lab.engine.scheduler import Scheduler
from lab.engine.store import Store
from lab.engine.version import VERSION

log = logging.getLogger("lab.engine")

# Requests that may block at once: waiting for tokens, loading, reading the store.
THREADS = 64
# Seconds that running requests get when the server is told to end.
GRACE = 1

ROUTES = [
    Route("/", routes_models.alive, methods=["GET", "HEAD"]),
    Route("/api/version", routes_models.version, methods=["GET", "HEAD"]),
    Route("/api/status", routes_models.status),
    Route("/api/tags", routes_models.tags, methods=["GET", "HEAD"]),
    Route("/api/ps", routes_models.ps),
    Route("/api/show", routes_models.show, methods=["POST"]),
    Route("/api/pull", routes_models.pull, methods=["POST"]),
    Route("/api/push", routes_models.push, methods=["POST"]),
    Route("/api/create", routes_models.create, methods=["POST"]),
    Route("/api/copy", routes_models.copy, methods=["POST"]),
    Route("/api/delete", routes_models.delete, methods=["DELETE"]),
    Route("/api/blobs/{digest}", routes_models.has_blob, methods=["HEAD"]),
    Route("/api/blobs/{digest}", routes_models.add_blob, methods=["POST"]),
    Route("/api/generate", routes_generate.generate, methods=["POST"]),
    Route("/api/chat", routes_generate.chat, methods=["POST"]),
    Route("/api/embed", routes_embed.embed, methods=["POST"]),
    Route("/api/embeddings", routes_embed.embeddings, methods=["POST"]),
    *openai.ROUTES,
]


def make_app(settings: ServerSettings) -> Starlette:
    """The engine as an ASGI application."""
    app = Starlette(
        routes=ROUTES,
        lifespan=_lifespan,
        middleware=[Middleware(AccessLog), Middleware(Gate, settings=settings), Middleware(CancelOnDisconnect)],
        exception_handlers={EngineError: _engine_error, HTTPException: _plain_error},
    )
    app.state.settings = settings
    app.state.registry = settings.registry
    app.state.engine = Engine(Store(settings.models), Scheduler(settings))
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    engine: Engine = app.state.engine
    if app.state.settings.prune:
        await asyncio.to_thread(engine.store.prune)
    yield
    await engine.scheduler.close()


async def _engine_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, EngineError)
    return openai.error_json(error) if request.url.path.startswith("/v1/") else error_json(error)


async def _plain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    texts = {404: "404 page not found", 405: "405 method not allowed"}
    return PlainTextResponse(texts.get(error.status_code, error.detail), error.status_code, headers=error.headers)


def serve(settings: ServerSettings | None = None) -> None:
    """Run until SIGTERM or Ctrl-C."""
    import uvicorn

    settings = settings or ServerSettings.read()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    log.info("Listening on %s:%d (version %s), models in %s", settings.host, settings.port, VERSION, settings.models)
    config = uvicorn.Config(
        make_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()
