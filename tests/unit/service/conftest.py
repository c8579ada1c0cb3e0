"""The API over a pipeline that answers what a test says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient

from lab.rag.answer import Answer, Citation, IngestReport
from lab.rag.question import asked
from lab.service.app import create_app
from lab.service.models import Readiness
from lab.settings import load_settings


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

    def ask(self, question: str) -> Answer:
        *_, answer = self.stream(question)
        return cast(Answer, answer)

    def stream(self, question: str) -> Iterator[str | Answer]:
        question = asked(question)
        self._meet()
        yield "It "
        yield "stays."
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
