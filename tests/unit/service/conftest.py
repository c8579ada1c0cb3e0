"""The API over a pipeline that answers what a test says."""

import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient
from typing_extensions import override

from lab.observe.current import current
from lab.rag.answer import Answer, Citation, IngestReport
from lab.rag.embed import Embedder
from lab.rag.embedding_models import about
from lab.rag.generate import Draft
from lab.rag.pipeline import Rag
from lab.rag.question import asked
from lab.rag.retrieve import Hit, Query
from lab.rag.search import Found
from lab.rag.stores.memory import MemoryBackend
from lab.rag.trace import Trace
from lab.rag.words import terms
from lab.service.app import create_app
from lab.service.models import Readiness
from lab.settings import Settings, load_settings


@dataclass
class FakeRag:
    """Keeps texts in a dict; raises `fails` when it is set."""

    texts: dict[str, str] = field(default_factory=dict)
    fails: Exception | None = None
    during: Callable[[], Any] = lambda: None
    opened: int = 0

    def open(self, settings: Any) -> "FakeRag":
        self.opened += 1
        return self

    def ingest_text(self, text: str, source: str = "") -> IngestReport:
        self._meet()
        new = self.texts.get(source) != text
        self.texts[source] = text
        return IngestReport(documents=1, chunks=2, added=int(new), embedded=2 * new)

    def steps(self, question: str, *_: Any) -> Iterator[Found | str | Answer]:
        question = asked(question)
        self._meet()
        yield Found(cast(Query, None), [], Trace(question, prompt_tokens=30, written_tokens=4))
        with current().rag.call("chat") as call:
            yield "It "
            yield "stays."
            call.results.append({"prompt_eval_count": 30, "eval_count": 4})
        passage = Citation(1, "volumes.md", "Volumes > Removal", "A named volume stays.")
        yield Answer(question, "It stays.", "grounded", citations=[passage])

    def _meet(self) -> None:
        self.during()
        if self.fails:
            raise self.fails


@pytest.fixture
def rag() -> FakeRag:
    return FakeRag()


@pytest.fixture
def readiness() -> dict[str, str]:
    """What /ready finds; a test changes it."""
    return {"chroma": "ok", "ollama": "ok", "chat_model": "ok", "embed_model": "ok"}


@pytest.fixture
def api(rag: FakeRag, readiness: dict[str, str]) -> Iterator[TestClient]:
    def probe(settings: Any) -> Readiness:
        ready = set(readiness.values()) == {"ok"}
        return Readiness(status="ready" if ready else "not ready", checks=readiness)

    app = create_app(load_settings(request_timeout=0.2), rag.open, probe)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


class CountedWords(Embedder):
    """Vectors that count words, without a model."""

    def __init__(self, settings: Settings):
        self.settings, self.model, self.traits = settings, settings.embed_model, about(settings.embed_model)
        self._known = OrderedDict()

    @override
    def digest(self) -> str:
        return "a" * 64

    @override
    def _vectors(self, texts: list[str]) -> list[list[float] | None]:
        return [self._counted(text) for text in texts]

    def _counted(self, text: str) -> list[float]:
        numbers = [0.0] * 64
        for word in terms(text):
            numbers[zlib.crc32(word.encode()) % 64] += 1.0
        return numbers if any(numbers) else [1.0, *numbers[1:]]


def pretended(settings: Settings) -> Rag:
    """A real pipeline with pretended models, so that it answers in milliseconds."""
    rag = Rag(settings)
    rag.embedder = rag.store.embedder = rag.retriever.embedder = CountedWords(settings)
    rag.generator.stream = _write  # type: ignore[method-assign]
    return rag


def _write(question: str, hits: list[Hit]) -> Iterator[str | Draft]:
    yield "Chroma listens "
    yield "on port 8000."
    yield Draft("Chroma listens on port 8000.")


@pytest.fixture
def quick_settings(tmp_path: Path) -> Settings:
    return load_settings(vector_store="memory", collection="handbook", lab_home=tmp_path, request_timeout=5)


@pytest.fixture
def quick(quick_settings: Settings) -> Iterator[TestClient]:
    """The API over such pipelines; their collections are in memory."""
    with TestClient(create_app(quick_settings, pretended), raise_server_exceptions=False) as client:
        yield client
    MemoryBackend.kept.clear()


DOCUMENTS = [
    {"id": "chroma.md", "text": "# Chroma\n\nChroma listens on port 8000.", "metadata": {"year": 2025, "draft": False}},
    {"id": "ollama.md", "text": "# Ollama\n\nOllama listens on port 11434.", "metadata": {"year": 2026, "author": "Ann"}},
    {"id": "notes", "text": "A named volume survives its container."},
]


@pytest.fixture
def filled(quick: TestClient) -> TestClient:
    """The same with three documents."""
    assert quick.post("/index", json={"documents": DOCUMENTS}).json()["indexed"] == 3
    return quick
