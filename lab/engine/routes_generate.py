"""POST /api/generate and POST /api/chat."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lab.engine.answering import MODEL_REQUIRED, Answering, Engine, check_request, model_name, ollama_logprobs
from lab.engine.completion import Ending, Piece
from lab.engine.durations import parse_keep_alive
from lab.engine.errors import EngineError, ModelMissing
from lab.engine.model import Model
from lab.engine.options import merge_options
from lab.engine.prompt import PromptWriter
from lab.engine.requests import CHAT_FIELDS, GENERATE_FIELDS, check_messages, parse_body
from lab.engine.responses import Json, line_of, now, stream_lines

Wrap = Callable[[str], dict[str, Any]]


async def generate(request: Request) -> Response:
    """Continue a prompt; without one, load or unload the model."""
    engine: Engine = request.app.state.engine
    asked = parse_body(await request.body(), "GenerateRequest", GENERATE_FIELDS)
    asked.pop("messages", None)  # a field of /api/chat, which Ollama overlooks here
    model = await engine.model(model_name(asked, ModelMissing("")))
    check_request(model, asked, "generate")
    wrap: Wrap = _generated
    if not asked.get("prompt"):
        return await _load_or_unload(engine, model, asked, wrap)
    if asked.get("raw") and (asked.get("template") or asked.get("system") or asked.get("context")):
        raise EngineError(400, "raw mode does not support template, system, or context")
    writer = GeneratePrompt(model, asked)
    answering = Answering(engine, model, asked, writer)
    return await _answer(answering, wrap, None if asked.get("raw") else writer)


async def chat(request: Request) -> Response:
    """The next message of a conversation; without messages, load or unload the model."""
    engine: Engine = request.app.state.engine
    asked = parse_body(await request.body(), "ChatRequest", CHAT_FIELDS)
    asked["messages"] = check_messages(asked.get("messages", []))
    model = await engine.model(model_name(asked, MODEL_REQUIRED))
    check_request(model, asked, "chat")
    if not asked["messages"]:
        return await _load_or_unload(engine, model, asked, _said)
    return await _answer(Answering(engine, model, asked, chat_prompt(model, asked["messages"])), _said)


def chat_prompt(model: Model, messages: list[dict[str, Any]]) -> Callable[[PromptWriter], str | list[int]]:
    """The prompt of a conversation: the model's own messages first, its system prompt unless the request has one."""
    history = [*model.messages, *messages]
    if model.system and messages[0]["role"] != "system":
        history.insert(0, {"role": "system", "content": model.system})
    # a prompt that llama.cpp's template code made is refused when too long; one from a Go template is cut
    return lambda writer: writer.cut(writer.chat(history), middle=bool(model.template))


class GeneratePrompt:
    """The prompt of /api/generate: as it is with `raw`, else one user message with what goes before it."""

    def __init__(self, model: Model, asked: dict[str, Any]):
        self.model = model
        self.asked = asked
        self.text = ""

    def __call__(self, writer: PromptWriter) -> str | list[int]:
        """The prompt, cut in the middle when it is too long."""
        self.text = self.asked["prompt"] if self.asked.get("raw") else self._render(writer)
        return writer.cut(self.text)

    def _render(self, writer: PromptWriter) -> str:
        context = self.asked.get("context")
        system = self.asked.get("system") or self.model.system
        messages = [{"role": "system", "content": system}] if system else []
        messages += [] if context else self.model.messages
        messages.append({"role": "user", "content": self.asked["prompt"]})
        before = writer.runner.detokenize(context) if context else ""
        return before + writer.chat(messages, self.asked.get("template"))


async def _answer(answering: Answering, wrap: Wrap, prompt: GeneratePrompt | None = None) -> Response:
    if answering.request.get("stream", True):
        return await stream_lines(_lines(answering, wrap, prompt))
    text, logprobs, ending = await answering.whole()
    body = _chunk(answering, wrap(text), logprobs)
    return Json({**body, **await _last(answering, ending, prompt)})


async def _lines(answering: Answering, wrap: Wrap, prompt: GeneratePrompt | None) -> AsyncGenerator[bytes, None]:
    async with aclosing(answering.batches()) as batches:
        async for batch in batches:
            pieces = [piece for piece in batch if isinstance(piece, Piece)]
            lines = b"".join(line_of(_chunk(answering, wrap(piece.text), piece.logprobs)) for piece in pieces)
            if isinstance(batch[-1], Ending):
                lines += line_of({**_chunk(answering, wrap("")), **await _last(answering, batch[-1], prompt)})
            yield lines


def _chunk(answering: Answering, content: dict[str, Any], logprobs: Any = ()) -> dict[str, Any]:
    chunk = {"model": answering.request["model"], "created_at": now(), **content, "done": False}
    if logprobs:
        chunk["logprobs"] = ollama_logprobs(logprobs, answering.request.get("top_logprobs", 0))
    return chunk


async def _last(answering: Answering, ending: Ending, prompt: GeneratePrompt | None) -> dict[str, Any]:
    last: dict[str, Any] = {"done": True, "done_reason": ending.reason}
    if prompt:  # the conversation so far, as tokens
        last["context"] = await asyncio.to_thread(answering.runner.tokenize, prompt.text + "".join(answering.text))
    return {**last, **answering.metrics(ending)}


async def _load_or_unload(engine: Engine, model: Model, asked: dict[str, Any], wrap: Wrap) -> Response:
    keep_alive = parse_keep_alive(asked.get("keep_alive"))
    if keep_alive == 0:
        await engine.scheduler.unload(model)
    else:
        num_ctx = engine.scheduler.context_length(model, merge_options(model.params, asked.get("options"))["num_ctx"])
        async with engine.scheduler.use(model, num_ctx, keep_alive):
            pass
    reason = "unload" if keep_alive == 0 else "load"
    return Json({"model": asked["model"], "created_at": now(), **wrap(""), "done": True, "done_reason": reason})


def _generated(text: str) -> dict[str, Any]:
    return {"response": text}


def _said(text: str) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": text}}
