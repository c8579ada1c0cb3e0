"""What an answer depends on, as a key: two requests with one key must get the same answer.

Too narrow a key hands out wrong answers (another model's, another filter's, those of an older index); too wide a one never hits.
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from lab.rag.prompt import OWN, SLOTS
from lab.settings import Settings

VERSION = 1  # of the key and of what is kept under it: raise it when the form of either changes
PREFIX = "slipway:answers"
# Settings that change where or how fast things run, never what is answered. A new setting belongs to the key until it stands here.
SILENT = (
    *("lab_", "compose_", "docker_", "api_", "worker_", "redis_", "jupyter_", "ollama_", "chroma_", "proxy_"),
    *("lesson_model", "corpus", "collection", "max_document_mb", "prompts", "history_turns"),  # collection, prompts: in the key themselves
    *("request_timeout", "start_timeout", "download_timeout", "python_image", "debian_image", "sandbox_image", "handover_image"),
)
Value = str | bool | int | float
Filters = Mapping[str, Value | Sequence[Value]]


def normalise(question: str) -> str:
    """The question in one form of Unicode, with single spaces. Capital letters stay: `docker run -p` and `-P` are two questions."""
    return " ".join(unicodedata.normalize("NFKC", question).split())


def settled(filters: Filters | None) -> list[tuple[str, list[str]]]:
    """Filters in one order: neither the order of fields nor that of values changes what passes, nor does one value as a list.

    Values stand as JSON: in Python 1, 1.0 and True are equal, and as filters they are three.
    """
    return sorted((field, sorted({json.dumps(value) for value in _listed(wanted)})) for field, wanted in (filters or {}).items())


def _listed(wanted: Value | Sequence[Value]) -> Sequence[Value]:
    return [wanted] if isinstance(wanted, str | bool | int | float) else wanted


def fingerprint(settings: Settings) -> dict[str, Any]:
    """The settings that change answers, and the prompts' own text."""
    chosen = {name: value for name, value in settings.model_dump(mode="json").items() if not name.startswith(SILENT)}
    return {**chosen, "prompts": prompts_hash(settings)}


def prompts_hash(settings: Settings) -> str:
    """Hash of the prompts in use: an edited prompt gives other answers."""
    folders = [folder for folder in (settings.prompts_folder, OWN) if folder]
    files = [next((file for folder in folders if (file := folder / f"{name}.txt").is_file()), None) for name in sorted(SLOTS)]
    return _sha256(b"\0".join(file.read_bytes() if file else b"" for file in files))


def canonical(value: Any) -> bytes:
    """One form of JSON for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str).encode()


def scope_of(collection: str, parts: Any) -> str:
    """Everything but the request itself, as one short text: made once for each state of the index, not for each request."""
    return f"{collection}/{_sha256(canonical(parts))}"


def variant_of(scope: str, kind: str, top_k: int, filters: Filters | None) -> str:
    """All of a request but its question: what a question of another wording must share to get the same answer."""
    return _sha256(canonical([scope, kind, top_k, settled(filters)]))


def key_of(collection: str, variant: str, question: str) -> str:
    """The key: readable up to the collection, so that one collection's answers can be found; a hash after that."""
    return f"{prefix(collection)}{_sha256(f'{variant}/{normalise(question)}'.encode())}"


def prefix(collection: str) -> str:
    """What all keys of one collection begin with."""
    return f"{PREFIX}:{VERSION}:{collection}:"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
