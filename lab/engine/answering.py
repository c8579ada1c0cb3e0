"""One request for text: from its options to the pieces of the answer."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from lab.engine.completion import Ending, Piece
from lab.engine.durations import parse_keep_alive
from lab.engine.errors import EngineError, InvalidName
from lab.engine.grammar import format_fields
from lab.engine.model import Model
from lab.engine.options import merge_options, sampling_fields
from lab.engine.prompt import PromptWriter
from lab.engine.responses import ns
from lab.engine.scheduler import Scheduler
from lab.engine.store import Store

Prompt = str | list[int]


@dataclass
class Engine:
    """What every route needs."""

    store: Store
    scheduler: Scheduler

    async def model(self, name: str) -> Model:
        """The stored model. Raises InvalidName and ModelMissing."""
        return await asyncio.to_thread(self.store.get, name)


@dataclass
class Answering:
    """An answer on its way. `write` makes the prompt; it runs in a worker thread once the model is loaded."""

    engine: Engine
    model: Model
    request: dict[str, Any]
    write: Callable[[PromptWriter], Prompt]
    started: float = field(default_factory=time.perf_counter)
    loaded: float = 0.0
    runner: Any = None
    text: list[str] = field(default_factory=list)

    async def batches(self) -> AsyncGenerator[list[Piece | Ending], None]:
        """Pieces as they come, the Ending last. Closing this generator ends the generation."""
        options = merge_options(self.model.params, self.request.get("options"))
        grammar = format_fields(self.request.get("format"))
        scheduler = self.engine.scheduler
        num_ctx = scheduler.context_length(self.model, options["num_ctx"])
        async with scheduler.use(self.model, num_ctx, parse_keep_alive(self.request.get("keep_alive"))) as entry:
            self.loaded, self.runner = time.perf_counter(), entry.runner
            flags = (self.request.get("truncate", True), self.request.get("shift", True))
            writer = PromptWriter(self.runner, self.model, options, num_ctx, *flags)
            prompt = await asyncio.to_thread(self.write, writer)
            fields = {**sampling_fields(options, num_ctx), **grammar, **self._logprobs()}
            if not writer.shift:  # the answer ends with the context
                fields["n_predict"] = min(fields["n_predict"], num_ctx - len(prompt))
            completion = self.runner.complete({"prompt": prompt, **fields})
            try:
                async for batch in completion.batches():
                    self.text += [piece.text for piece in batch if isinstance(piece, Piece)]
                    yield batch
            finally:
                await completion.aclose()

    async def whole(self) -> tuple[str, list[dict[str, Any]], Ending]:
        """The whole answer: text, log probabilities, ending."""
        logprobs: list[dict[str, Any]] = []
        async with aclosing(self.batches()) as batches:
            async for batch in batches:
                for piece in batch:
                    if isinstance(piece, Ending):
                        return "".join(self.text), logprobs, piece
                    logprobs += piece.logprobs
        raise EngineError(500, "the generation ended without a result")

    def metrics(self, ending: Ending) -> dict[str, int]:
        """Ollama's counters; times in nanoseconds. Those that are zero are left out."""
        counters = {
            "total_duration": ns((time.perf_counter() - self.started) * 1000),
            "load_duration": ns((self.loaded - self.started) * 1000),
            "prompt_eval_count": ending.prompt_tokens,
            "prompt_eval_duration": ns(ending.prompt_ms),
            "eval_count": ending.tokens,
            "eval_duration": ns(ending.ms),
        }
        return {name: value for name, value in counters.items() if value}

    def _logprobs(self) -> dict[str, int]:
        return {"logprobs": max(self.request.get("top_logprobs", 0), 1)} if self.request.get("logprobs") else {}


def ollama_logprobs(logprobs: list[dict[str, Any]], top: int) -> list[dict[str, Any]]:
    """Log probabilities as Ollama writes them, with `top` alternatives each."""
    names = ("token", "logprob", "bytes")
    rows = [{name: item[name] for name in names} for item in logprobs]
    if top:
        for row, item in zip(rows, logprobs, strict=True):
            row["top_logprobs"] = [{name: other[name] for name in names} for other in item["top_logprobs"]]
    return rows


def check_request(model: Model, request: dict[str, Any], verb: str) -> None:
    """Raise EngineError 400 for what the model cannot do: write, think, use tools, see, fill in."""
    asked = request["model"]
    if not 0 <= request.get("top_logprobs", 0) <= 20:
        raise EngineError(400, "top_logprobs must be between 0 and 20")
    think = request.get("think")
    if think not in (None, True, False, "high", "medium", "low", "max", ""):
        raise EngineError(400, f'invalid think value: "{think}" (must be "high", "medium", "low", "max", true, or false)')
    if think and "thinking" not in model.capabilities:
        raise EngineError(400, f'"{asked}" does not support thinking')
    if "completion" not in model.capabilities:
        raise EngineError(400, f'"{asked}" does not support {verb}')
    messages = request.get("messages", [])
    needs = {
        "insert": request.get("suffix"),
        "tools": request.get("tools"),
        "vision": request.get("images") or any(message.get("images") for message in messages),
    }
    for capability, needed in needs.items():
        if needed and capability not in model.capabilities:
            raise EngineError(400, f"{model.full_name} does not support {capability}")


def model_name(request: dict[str, Any], missing: EngineError | None = None) -> str:
    """The model that a request names. Raises `missing`, or InvalidName, when it names none."""
    name = request.get("model") or request.get("name") or ""
    if not name:
        raise missing or InvalidName
    return str(name)


MODEL_REQUIRED = EngineError(400, "model is required")
