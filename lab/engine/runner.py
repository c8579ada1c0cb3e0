"""One loaded model: llama.cpp in this process, through xllamacpp."""

import base64
import ctypes
import gc
import http.client
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from lab.engine.completion import Completion
from lab.engine.errors import EngineError
from lab.engine.gguf_info import read_info

# Tokens of a prompt that are evaluated at once. A cancelled request frees its model after at most one such batch.
# Measured with prompts of 1,000 tokens: 128 reads them as fast as 256 or 512.
PROMPT_BATCH = 128

# How often llama.cpp's threads look whether the others are ready before they sleep. With OpenMP's own value (300,000 on an
# idle machine) each holds its processor while another process needs it. Tokens per second of the chat model with two threads,
# on two idle cores and beside two busy processes: 300,000 gives 110-135 and 7-10, 2,000 gives 113-140 and 12-20, 0 gives 46
# and 27-42. Below 1,000 the idle machine becomes slower.
SPIN = "2000"


class Runner:
    """A model in memory, with `parallel` slots that each hold `num_ctx` tokens."""

    def __init__(self, gguf: Path, num_ctx: int, parallel: int = 1, embedding: bool = False):
        self.num_ctx = num_ctx
        self.embedding = embedding
        self._key = secrets.token_hex(16)  # llama.cpp opens a listener of its own; nobody else may use it
        params = _params(gguf, num_ctx, parallel, embedding)
        params.api_keys = [self._key]
        self._server = _load(params, gguf)
        self.memory = memory_need(gguf, num_ctx * parallel)

    def close(self) -> None:
        """Free the memory. Nothing may be running."""
        with suppress(OSError, http.client.HTTPException):
            # This is answered by llama.cpp's loop, so it runs. A loop that is ended before it began waits for ever.
            self._request("GET", "/slots", timeout=10)
        self._server = None
        gc.collect()
        _give_back()

    def complete(self, body: dict[str, Any]) -> Completion:
        """Start to answer `prompt` (text or tokens) of `body`; the other fields are llama.cpp's."""
        return Completion(self._server.handle_completions, body)

    def embed(self, inputs: Sequence[str | list[int]]) -> tuple[list[bytes], int]:
        """One vector per input, as little-endian 32-bit floats of length 1, and the number of tokens read."""
        reply = self._server.handle_embeddings({"input": list(inputs), "encoding_format": "base64"})
        if error := reply.get("error"):
            raise EngineError(error["code"], error["message"])
        return [base64.b64decode(item["embedding"]) for item in reply["data"]], reply["usage"]["prompt_tokens"]

    # llama.cpp offers these only over HTTP

    def tokenize(self, text: str, special: bool = False) -> list[int]:
        """Tokens of a text; `special` adds those that mark its start and end."""
        return list(self._post("/tokenize", {"content": text, "add_special": special})["tokens"])

    def detokenize(self, tokens: list[int]) -> str:
        """Text of tokens."""
        return str(self._post("/detokenize", {"tokens": tokens})["content"])

    def apply_template(self, messages: list[dict[str, Any]]) -> str:
        """The prompt that the GGUF's own chat template makes of the messages."""
        return str(self._post("/apply-template", {"messages": messages})["prompt"])

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        status, data = self._request("POST", path, orjson.dumps(body))
        if status >= 400:
            raise EngineError(status, data["error"]["message"])
        return data

    def _request(self, method: str, path: str, body: bytes | None = None, timeout: float = 60) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(urlsplit(self._server.listening_address).netloc, timeout=timeout)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {self._key}"})
            answer = connection.getresponse()
            return answer.status, orjson.loads(answer.read())
        finally:
            connection.close()


def memory_need(gguf: Path, tokens: int) -> int:
    """Bytes for the weights and, in a model that writes, for what it keeps of each token."""
    info = read_info(gguf)
    if "embedding" in info.capabilities:
        return gguf.stat().st_size

    def number(key: str) -> int:
        value = info.metadata.get(f"{info.architecture}.{key}", 0)
        return int(max(value) if isinstance(value, list) else value)

    heads = number("attention.head_count") or 1
    kept = number("block_count") * info.embedding_length // heads * (number("attention.head_count_kv") or heads)
    return gguf.stat().st_size + 2 * 2 * kept * tokens  # keys and values, two bytes each


def _give_back() -> None:
    """Return freed memory to the system. glibc keeps it for the thread that used it, and each load has a new thread:
    without this, a vocabulary of 250,000 tokens costs another 160 MB with every load.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, others do not need it
    if trim:
        trim(0)


def _params(gguf: Path, num_ctx: int, parallel: int, embedding: bool) -> Any:
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN)  # read once, when xllamacpp loads OpenMP
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(gguf)
    params.model_alias = {"m"}  # repeated in every chunk: short
    params.n_ctx = num_ctx * parallel
    params.n_parallel = parallel
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = os.cpu_count() or 1
    params.warmup = False
    params.fit_params = False  # it reads the model twice to share it out among GPUs, and this wheel is for CPUs: half the time
    params.verbosity = 0
    params.cache_ram_mib = 0
    params.ctx_shift = not embedding  # as Ollama: a long answer goes on past the context
    params.embedding = embedding
    # An embedding model reads a whole text at once, so a text may not be longer than a batch. Larger batches and more places
    # are not faster: 30 ms per text of 91 tokens with 1, 2, 4 or 8 places, 109 to 199 MB.
    params.n_batch = params.n_ubatch = num_ctx if embedding else min(PROMPT_BATCH, num_ctx)
    return params


def _load(params: Any, gguf: Path) -> Any:
    import xllamacpp

    if not gguf.is_file():
        raise EngineError(500, f"unable to load model: {gguf} is missing", "Pull the model again.")
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise EngineError(500, f"unable to load model: {gguf}", "The file is damaged or memory is short; see the log.") from error
