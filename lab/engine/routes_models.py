"""The store over HTTP: list, show, pull, create, copy, delete, blobs; and the models in memory."""

import asyncio
import math
from collections.abc import AsyncGenerator, Generator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lab.engine.answering import MODEL_REQUIRED, Engine, model_name
from lab.engine.errors import EngineError, ModelMissing
from lab.engine.model import Model
from lab.engine.names import Name
from lab.engine.requests import COPY_FIELDS, CREATE_FIELDS, PULL_FIELDS, SHOW_FIELDS, parse_body
from lab.engine.responses import Json, line_of, stream_lines
from lab.engine.scheduler import Loaded
from lab.engine.show import describe_model, details
from lab.engine.version import VERSION

# Ollama shows a model that is kept for ever as one that goes in 292 years, the longest duration of Go.
FOR_EVER = timedelta(seconds=2**63 / 1e9)


async def alive(request: Request) -> Response:
    """The text by which people and probes know an Ollama server."""
    return PlainTextResponse("Ollama is running")


async def version(request: Request) -> Response:
    """The version of the API, marked as this engine's."""
    return Json({"version": VERSION})


async def status(request: Request) -> Response:
    """Nothing here ever leaves the machine."""
    return Json({"cloud": {"disabled": True, "source": "none"}})


async def tags(request: Request) -> Response:
    """The stored models, newest first."""
    models = await asyncio.to_thread(request.app.state.engine.store.list)
    return Json({"models": [await asyncio.to_thread(_listed, model) for model in models]})


async def ps(request: Request) -> Response:
    """The models in memory, the one that stays longest first."""
    entries = [entry for entry in request.app.state.engine.scheduler.loaded.values() if entry.ready]
    entries.sort(key=lambda entry: entry.expires_at, reverse=True)
    return Json({"models": [_running(entry) for entry in entries]})


async def show(request: Request) -> Response:
    """Everything about one model."""
    asked = parse_body(await request.body(), "ShowRequest", SHOW_FIELDS)
    name = model_name(asked, MODEL_REQUIRED)
    try:
        model = await request.app.state.engine.model(name)
    except ModelMissing as error:
        raise ModelMissing(Name.parse(name).short) from error
    return Json(await asyncio.to_thread(describe_model, model, asked))


async def pull(request: Request) -> Response:
    """Get a model, with progress."""
    from lab.engine.pull import pull as pull_model

    asked = parse_body(await request.body(), "PullRequest", PULL_FIELDS)
    store, registry = request.app.state.engine.store, request.app.state.registry
    return await _progress(pull_model(store, model_name(asked), asked.get("insecure", False), registry), asked)


async def push(request: Request) -> Response:
    """Models are not published from here."""
    raise EngineError(501, "push is not supported by this engine")


async def create(request: Request) -> Response:
    """Make a model from another one or from uploaded files."""
    from lab.engine.create import create as create_model

    asked = parse_body(await request.body(), "CreateRequest", CREATE_FIELDS)
    model_name(asked)
    return await _progress(create_model(request.app.state.engine.store, asked, request.app.state.registry), asked)


async def copy(request: Request) -> Response:
    """Give a model a second name."""
    asked = parse_body(await request.body(), "CopyRequest", COPY_FIELDS)
    store = request.app.state.engine.store
    await asyncio.to_thread(store.copy, asked.get("source", ""), asked.get("destination", ""))
    return Response()


async def delete(request: Request) -> Response:
    """Remove a model from the store and from memory."""
    engine: Engine = request.app.state.engine
    name = await asyncio.to_thread(engine.store.delete, model_name(parse_body(await request.body(), "DeleteRequest")))
    for entry in list(engine.scheduler.loaded.values()):
        if entry.model.full_name == name.full:
            await engine.scheduler.unload(entry.model)
    return Response()


async def has_blob(request: Request) -> Response:
    """Whether a blob is stored."""
    store = request.app.state.engine.store
    return Response(status_code=200 if store.has_blob(request.path_params["digest"]) else 404)


async def add_blob(request: Request) -> Response:
    """Store the body under its digest."""
    store, digest = request.app.state.engine.store, request.path_params["digest"]
    if store.has_blob(digest):
        return Response(status_code=200)
    loop = asyncio.get_running_loop()
    chunks = request.stream()

    def read() -> Iterator[bytes]:  # in a worker thread: the file is written as the bytes come
        while (chunk := asyncio.run_coroutine_threadsafe(anext(chunks, None), loop).result()) is not None:
            yield chunk

    await asyncio.to_thread(store.write_blob, read(), digest)
    return Response(status_code=201)


async def _progress(work: Iterator[dict[str, Any]], asked: dict[str, Any]) -> Response:
    if asked.get("stream", True):
        return await stream_lines(_status_lines(work))
    statuses = [item async for item in _statuses(work)]
    return Json(statuses[-1])


async def _status_lines(work: Iterator[dict[str, Any]]) -> AsyncGenerator[bytes, None]:
    async for item in _statuses(work):
        yield line_of(item)


async def _statuses(work: Iterator[dict[str, Any]]) -> AsyncGenerator[dict[str, Any], None]:
    """What a blocking generator yields. When the client goes, the generator is closed after the step that is under way."""
    steps = cast(Generator[dict[str, Any], None, None], work)
    step: asyncio.Future[Any] | None = None
    try:
        while (item := await asyncio.shield(step := asyncio.ensure_future(asyncio.to_thread(next, steps, None)))) is not None:
            yield item
    finally:
        if step and not step.done():
            step.add_done_callback(lambda _: steps.close())
        else:
            steps.close()


def _listed(model: Model) -> dict[str, Any]:
    lengths = {"context_length": model.context_length, "embedding_length": model.embedding_length}
    return {
        "name": model.name,
        "model": model.name,
        "modified_at": _time(model.modified_at),
        "size": model.size,
        "digest": model.digest,
        "details": {**details(model), **{name: value for name, value in lengths.items() if value}},
        "capabilities": model.capabilities,
    }


def _running(entry: Loaded) -> dict[str, Any]:
    expires = datetime.now(UTC) + FOR_EVER if math.isinf(entry.expires_at) else datetime.fromtimestamp(entry.expires_at, UTC)
    return {
        "name": entry.model.name,
        "model": entry.model.name,
        "size": entry.runner.memory,
        "digest": entry.model.digest,
        "details": details(entry.model),
        "expires_at": _time(expires),
        "size_vram": 0,
        "context_length": entry.num_ctx,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
