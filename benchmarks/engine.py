"""The engine over HTTP against llama.cpp in this process: decoded tokens a second, embedded texts a second."""

import json
import os
import time
from collections.abc import Iterator

import httpx
import ollama

from benchmarks.measure import Row, median_ratio, seconds, spread, take_turns
from benchmarks.servers import lab
from lab.engine.runner import SPIN
from lab.engine.store import Store
from lab.settings import Settings

os.environ.setdefault("GOMP_SPINCOUNT", SPIN)  # as in the engine, so that a busy machine slows both sides alike
import xllamacpp

ROUNDS = 7
TOKENS = 200
PROMPT = "Count from one to one hundred in words, one number after the other:"
WORDS = "A named volume keeps the models of a container when that container is removed and made again from its image."
TEXTS = [f"{number}. {WORDS} {WORDS} {WORDS} {WORDS}" for number in range(32)]  # about 100 tokens each


def in_process(settings: Settings, name: str, embedding: bool) -> xllamacpp.Server:
    """The same weights and the same number of threads, without a server around them."""
    params = xllamacpp.CommonParams()
    params.model.path = str(Store(settings.lab_home / "models").get(name).gguf)
    params.warmup, params.verbosity, params.cache_ram_mib = False, 0, 0
    params.n_parallel, params.embedding = 1, embedding
    params.n_ctx = 512 if embedding else settings.num_ctx
    if embedding:
        params.n_batch = params.n_ubatch = 512
    return xllamacpp.Server(params)


def decode_http(settings: Settings) -> float:
    """Tokens a second, from the first piece that arrives to the last."""
    options = {"num_predict": TOKENS, "temperature": 0, "num_ctx": settings.num_ctx}
    body = {"model": settings.chat_model, "prompt": PROMPT, "raw": True, "options": options}
    with httpx.stream("POST", f"{settings.ollama_host}/api/generate", json=body, timeout=120) as reply:
        lines: Iterator[str] = reply.iter_lines()
        next(lines)
        started = time.perf_counter()
        last = ""
        for line in lines:
            last = line
        took = time.perf_counter() - started
    return float((json.loads(last)["eval_count"] - 1) / took)


def decode_in_process(server: xllamacpp.Server) -> float:
    """Tokens a second, between the first piece of text and the end."""
    body = {"prompt": PROMPT, "max_tokens": TOKENS, "temperature": 0, "stream": True, "stream_options": {"include_usage": True}}
    stamps: list[float] = []
    counts: list[int] = []

    def piece(chunk: dict) -> bool:
        stamps.append(time.perf_counter())
        if usage := chunk.get("usage"):
            counts.append(usage["completion_tokens"])
        return False

    server.handle_completions(body, piece)
    return (counts[-1] - 1) / (stamps[-1] - stamps[0])


def rows() -> Iterator[Row]:
    """Decode and embedding throughput, each as HTTP divided by in-process."""
    with lab("ollama") as settings:
        chat = [in_process(settings, settings.chat_model, embedding=False)]
        decode_in_process(chat[0]), decode_http(settings)  # the first call after loading is slow: not counted
        ours, theirs = take_turns(lambda: decode_http(settings), lambda: decode_in_process(chat[0]), rounds=ROUNDS)
        note = f"tokens/s over HTTP {spread(ours)}, in process {spread(theirs)}"
        yield Row("engine: decode over HTTP / in process", median_ratio(ours, theirs), 0.95, "at least", note=note)
        chat.clear()  # frees the model's memory

        embed, client = in_process(settings, settings.embed_model, embedding=True), ollama.Client(settings.ollama_host)

        def http() -> float:
            return len(TEXTS) / seconds(lambda: client.embed(settings.embed_model, TEXTS))

        def direct() -> float:
            return len(TEXTS) / seconds(lambda: embed.handle_embeddings({"input": TEXTS}))

        http(), direct()
        ours, theirs = take_turns(http, direct, rounds=ROUNDS)
        note = f"texts/s over HTTP {spread(ours)}, in process {spread(theirs)}"
        yield Row("engine: embedding over HTTP / in process", median_ratio(ours, theirs), 0.90, "at least", note=note)
