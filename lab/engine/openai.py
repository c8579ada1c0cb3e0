"""The OpenAI-compatible routes below /v1, on top of the same answers."""

import asyncio
import base64
import logging
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lab.engine.answering import MODEL_REQUIRED, Answering, Engine, check_request, model_name
from lab.engine.completion import Ending, Piece
from lab.engine.errors import EngineError
from lab.engine.model import Model
from lab.engine.requests import OPENAI_FIELDS, check_messages, parse_body
from lab.engine.responses import Json, stream_lines
from lab.engine.routes_embed import embed_texts, input_texts, use_for_embedding
from lab.engine.routes_generate import GeneratePrompt, chat_prompt

log = logging.getLogger("lab.engine")

_ERROR_TYPES = {400: "invalid_request_error", 404: "not_found_error"}
_SAME_NAME = ("seed", "frequency_penalty", "presence_penalty")


async def chat_completions(request: Request) -> Response:
    """The next message of a conversation."""
    engine: Engine = request.app.state.engine
    asked = parse_body(await request.body(), "ChatCompletionRequest", OPENAI_FIELDS)
    if not asked.get("messages"):
        raise EngineError(400, "[] is too short - 'messages'")
    asked["messages"] = check_messages([_with_text(message) for message in asked["messages"]])
    model = await engine.model(model_name(asked, MODEL_REQUIRED))
    check_request(model, asked, "chat")
    answering = Answering(engine, model, _as_ollama(asked), chat_prompt(model, asked["messages"]))
    return await _answer(answering, asked, Shape("chat.completion", "chatcmpl", "message", "delta"))


async def completions(request: Request) -> Response:
    """The continuation of a prompt."""
    engine: Engine = request.app.state.engine
    asked = parse_body(await request.body(), "CompletionRequest", OPENAI_FIELDS)
    prompt = asked.get("prompt", "")
    asked["prompt"] = "".join(map(str, prompt)) if isinstance(prompt, list) else str(prompt)
    model = await engine.model(model_name(asked, MODEL_REQUIRED))
    check_request(model, asked, "generate")
    answering = Answering(engine, model, _as_ollama(asked), GeneratePrompt(model, asked))
    return await _answer(answering, asked, Shape("text_completion", "cmpl", "", ""))


async def embeddings(request: Request) -> Response:
    """Vectors, as numbers or as base64 of 32-bit floats."""
    engine: Engine = request.app.state.engine
    asked = parse_body(await request.body(), "EmbedRequest", OPENAI_FIELDS)
    model_name(asked, MODEL_REQUIRED)
    texts = input_texts(asked.get("input"))
    if not texts:
        raise EngineError(400, "invalid input")
    async with await use_for_embedding(engine, asked) as entry:
        vectors, tokens = await embed_texts(entry, texts, True, asked.get("dimensions", 0))
    coded = asked.get("encoding_format") == "base64"
    rows = [base64.b64encode(row.tobytes()).decode() for row in vectors] if coded else vectors
    data = [{"object": "embedding", "embedding": row, "index": index} for index, row in enumerate(rows)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return Json({"object": "list", "data": data, "model": asked["model"], "usage": usage})


async def models(request: Request) -> Response:
    """The stored models."""
    stored = await asyncio.to_thread(request.app.state.engine.store.list)
    return Json({"object": "list", "data": [_listed(model) for model in stored]})


async def one_model(request: Request) -> Response:
    """One stored model."""
    return Json(_listed(await request.app.state.engine.model(request.path_params["name"])))


ROUTES = [
    Route("/v1/chat/completions", chat_completions, methods=["POST"]),
    Route("/v1/completions", completions, methods=["POST"]),
    Route("/v1/embeddings", embeddings, methods=["POST"]),
    Route("/v1/models", models),
    Route("/v1/models/{name:path}", one_model),
]


def error_json(error: EngineError) -> Json:
    """An error in OpenAI's form."""
    return Json(_error(error), error.status)


class Shape:
    """How the two kinds of completion name things."""

    def __init__(self, kind: str, prefix: str, whole: str, part: str):
        self.kind = kind
        self.whole = whole
        self.part = part
        self.head = {"id": f"{prefix}-{secrets.randbelow(1000)}"}

    def body(self, model: str, choices: list[dict[str, Any]], stream: bool, **more: Any) -> dict[str, Any]:
        """One object of the answer."""
        kind = "chat.completion.chunk" if stream and self.part else self.kind
        head = {**self.head, "object": kind, "created": int(time.time()), "model": model, "system_fingerprint": "fp_ollama"}
        return {**head, "choices": choices, **more}

    def choice(self, text: str, reason: str | None, name: str, role: bool = True) -> dict[str, Any]:
        """The one choice: a message, a part of one (`name` says which), or plain text."""
        said = {"role": "assistant", "content": text} if role else {"content": text}
        content = {name: said if text or reason is None or name == "message" else {}} if name else {"text": text}
        return {"index": 0, **content, "finish_reason": reason}


async def _answer(answering: Answering, asked: dict[str, Any], shape: Shape) -> Response:
    if asked.get("stream", False):
        return await stream_lines(_events(answering, asked, shape), "text/event-stream")
    text, _, ending = await answering.whole()
    choice = shape.choice(text, ending.reason, shape.whole)
    return Json(shape.body(asked["model"], [choice], False, usage=_usage(ending)))


async def _events(answering: Answering, asked: dict[str, Any], shape: Shape) -> AsyncGenerator[bytes, None]:
    started = False
    try:
        async with aclosing(answering.batches()) as batches:
            async for batch in batches:
                pieces = [piece for piece in batch if isinstance(piece, Piece)]
                roles = [not started, *(False for _ in pieces[1:])]  # the first piece of all says who speaks
                events = b"".join(_part(asked, shape, piece.text, role) for piece, role in zip(pieces, roles, strict=False))
                started = started or bool(pieces)
                yield events + (_finish(asked, shape, batch[-1]) if isinstance(batch[-1], Ending) else b"")
    except Exception as error:
        if not started:  # nothing has been sent: the error gets its status
            raise
        if not isinstance(error, EngineError):
            log.exception("a streamed answer broke off")
            error = EngineError(500, f"internal error: {error}")
        yield _event(_error(error))


def _part(asked: dict[str, Any], shape: Shape, text: str, role: bool) -> bytes:
    return _event(shape.body(asked["model"], [shape.choice(text, None, shape.part, role)], True))


def _finish(asked: dict[str, Any], shape: Shape, ending: Ending) -> bytes:
    events = _event(shape.body(asked["model"], [shape.choice("", ending.reason, shape.part)], True))
    if (asked.get("stream_options") or {}).get("include_usage"):
        events += _event(shape.body(asked["model"], [], True, usage=_usage(ending)))
    return events + b"data: [DONE]\n\n"


def _event(content: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(content) + b"\n\n"


def _error(error: EngineError) -> dict[str, Any]:
    kind = _ERROR_TYPES.get(error.status, "api_error")
    return {"error": {"message": error.message, "type": kind, "param": None, "code": None}}


def _usage(ending: Ending) -> dict[str, int]:
    total = ending.prompt_tokens + ending.tokens
    return {"prompt_tokens": ending.prompt_tokens, "completion_tokens": ending.tokens, "total_tokens": total}


def _as_ollama(asked: dict[str, Any]) -> dict[str, Any]:
    """The request in Ollama's words. Without a temperature this API takes 1, not 0.8."""
    options = {name: asked[name] for name in _SAME_NAME if name in asked}
    options |= {"temperature": asked.get("temperature", 1.0), "top_p": asked.get("top_p", 1.0)}
    limit = asked.get("max_completion_tokens", asked.get("max_tokens"))
    stop = asked.get("stop", [])
    stops = [text for text in (stop if isinstance(stop, list) else [stop]) if isinstance(text, str)]
    options |= {"num_predict": limit, "stop": stops}
    return {"model": asked["model"], "options": options, "format": _format(asked.get("response_format") or {})}


def _format(wanted: dict[str, Any]) -> Any:
    if wanted.get("type") == "json_object":
        return "json"
    described = wanted.get("json_schema") if wanted.get("type") == "json_schema" else None
    return described.get("schema") if isinstance(described, dict) else None


def _with_text(message: Any) -> Any:
    """The message with its content as one text; what is no message stays as it is, to be refused with the others."""
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list):
        return message
    if not all(isinstance(part, dict) and part.get("type") == "text" for part in content):
        raise EngineError(400, "invalid message format: this engine reads text only")
    return {**message, "content": "".join(str(part.get("text", "")) for part in content)}


def _listed(model: Model) -> dict[str, Any]:
    owner = model.full_name.split("/")[-2]
    return {"id": model.name, "object": "model", "created": int(model.modified_at.timestamp()), "owned_by": owner}
