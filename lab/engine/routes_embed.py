"""POST /api/embed and POST /api/embeddings."""

import asyncio
import time
from contextlib import AbstractAsyncContextManager
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lab.engine.answering import MODEL_REQUIRED, Engine, model_name
from lab.engine.durations import parse_keep_alive
from lab.engine.errors import EngineError, ModelMissing
from lab.engine.options import merge_options
from lab.engine.requests import EMBED_FIELDS, parse_body
from lab.engine.responses import Json, ns
from lab.engine.runner import Runner
from lab.engine.scheduler import Loaded

TOO_LONG = "the input length exceeds the context length"
# Texts that llama.cpp gets in one call. A request of many texts can be cancelled between calls.
BATCH = 32


async def embed(request: Request) -> Response:
    """Vectors of one or many texts, each of length 1."""
    started = time.perf_counter()
    engine: Engine = request.app.state.engine
    asked = parse_body(await request.body(), "EmbedRequest", EMBED_FIELDS)
    texts = input_texts(asked.get("input"))
    model_name(asked, ModelMissing(""))
    async with await use_for_embedding(engine, asked) as entry:
        loaded = time.perf_counter()
        if not texts:
            return Json({"model": asked["model"], "embeddings": []})
        vectors, tokens = await embed_texts(entry, texts, asked.get("truncate", True), asked.get("dimensions", 0))
    times = {"total_duration": ns((time.perf_counter() - started) * 1000), "load_duration": ns((loaded - started) * 1000)}
    return Json({"model": asked["model"], "embeddings": vectors, **times, "prompt_eval_count": tokens})


async def embeddings(request: Request) -> Response:
    """The vector of one text: the older call."""
    engine: Engine = request.app.state.engine
    asked = parse_body(await request.body(), "EmbeddingRequest", EMBED_FIELDS)
    model_name(asked, MODEL_REQUIRED)
    async with await use_for_embedding(engine, asked) as entry:
        if not asked.get("prompt"):
            return Json({"embedding": []})
        vectors, _ = await embed_texts(entry, [asked["prompt"]], True, 0)
    return Json({"embedding": vectors[0]})


async def embed_texts(entry: Loaded, texts: list[str], truncate: bool, dimensions: int) -> tuple[Any, int]:
    """Vectors as a numpy array, one row per text, and the number of tokens read. Raises EngineError 400 for a text that is too long."""
    import numpy as np

    rows: list[bytes] = []
    total = 0
    for start in range(0, len(texts), BATCH):
        data, tokens = await asyncio.to_thread(_embed_batch, entry, texts[start : start + BATCH], truncate)
        rows += data
        total += tokens
    vectors = np.frombuffer(b"".join(rows), dtype="<f4").reshape(len(texts), -1)
    if 0 < dimensions < vectors.shape[1]:
        vectors = vectors[:, :dimensions]
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
    return vectors, total


def _embed_batch(entry: Loaded, texts: list[str], truncate: bool) -> tuple[list[bytes], int]:
    """Texts that may be too long are counted before: llama.cpp reads all others of the batch before it refuses one."""
    runner: Runner = entry.runner
    limit = entry.num_ctx
    try:
        return runner.embed([_fitting(runner, text, limit, truncate) if _may_be_long(text, limit) else text for text in texts])
    except EngineError as error:
        if "too large" not in error.message:
            raise
        return runner.embed([_fitting(runner, text, limit, truncate) for text in texts])


def _may_be_long(text: str, limit: int) -> bool:
    """Whether its tokens have to be counted. Most have three to five bytes, in English and in Japanese; a rare few less than one."""
    return len(text.encode()) > 2 * limit


def _fitting(runner: Runner, text: str, limit: int, truncate: bool) -> list[int]:
    """The tokens of the text; when it is too long, its first ones with the closing one."""
    tokens = runner.tokenize(text, special=True)
    if len(tokens) <= limit:
        return tokens
    if not truncate:
        raise EngineError(400, TOO_LONG)
    return tokens[: limit - 1] + tokens[-1:]


async def use_for_embedding(engine: Engine, asked: dict[str, Any]) -> AbstractAsyncContextManager[Loaded]:
    """The model of the request, loaded and with a place for it. Raises ModelMissing in the words of these calls."""
    try:
        model = await engine.model(asked["model"])
    except ModelMissing as error:
        raise ModelMissing.for_embedding(asked["model"]) from error
    num_ctx = engine.scheduler.context_length(model, merge_options(model.params, asked.get("options"))["num_ctx"])
    return engine.scheduler.use(model, num_ctx, parse_keep_alive(asked.get("keep_alive")))


def input_texts(given: Any) -> list[str]:
    """The texts to embed: of one text, of many, or none. Raises EngineError 400 for anything else."""
    if given is None or given == "":
        return []
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise EngineError(400, "invalid input type")
    return texts
