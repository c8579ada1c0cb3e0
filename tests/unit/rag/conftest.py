"""A pipeline without servers: Chroma in this process, and an embedding model of word counts behind the real client."""

import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import ollama
import pytest
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import RunnableGenerator

from lab.rag.embed import Embedder
from lab.rag.index import Index
from lab.rag.pipeline import Rag
from lab.rag.store import Store
from lab.rag.stores.chroma import ChromaBackend
from lab.rag.words import terms
from lab.settings import Settings, load_settings

NUMBERS = count()


@dataclass
class FakeOllama:
    """Answers /api/tags and /api/embed. A text's vector counts its words; more than `reads` words are refused."""

    reads: int = 10_000
    digest: str = "a" * 64
    batches: list[list[str]] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/tags":
            return httpx.Response(200, json={"models": [{"model": "all-minilm:latest", "digest": self.digest}]})
        asked = json.loads(request.content)
        if request.url.path == "/api/show" or asked["model"] != "all-minilm":
            return httpx.Response(404, json={"error": f"model '{asked['model']}' not found"})
        self.batches.append(asked["input"])
        if any(len(text.split()) > self.reads for text in asked["input"]) and asked["truncate"] is False:
            return httpx.Response(400, json={"error": "the input length exceeds the context length"})
        return httpx.Response(200, json={"model": asked["model"], "embeddings": [vector(text) for text in asked["input"]]})


def vector(text: str) -> list[float]:
    """A unit vector of 64 numbers that shares a direction with texts of the same words."""
    numbers = [0.01] * 64
    for term in terms(text):
        numbers[zlib.crc32(term.encode()) % 64] += 1
    length = sum(number**2 for number in numbers) ** 0.5
    return [number / length for number in numbers]


@pytest.fixture
def fake() -> FakeOllama:
    return FakeOllama()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    name = f"unit-{next(NUMBERS)}"
    return load_settings(collection=name, embed_model="all-minilm", chunk_size=200, chunk_overlap=0, lab_home=tmp_path / "home")


@pytest.fixture
def changed(settings: Settings) -> Callable[..., Settings]:
    """Gives the settings with some values changed."""
    return lambda **values: load_settings(**{**settings.model_dump(), **values})


@pytest.fixture
def make_embedder(fake: FakeOllama, settings: Settings) -> Callable[..., Embedder]:
    def make(settings: Settings = settings) -> Embedder:
        embedder = Embedder(settings)
        embedder.client = ollama.Client("http://fake", transport=httpx.MockTransport(fake))
        return embedder

    return make


@pytest.fixture
def make_store(make_embedder: Callable[..., Embedder], settings: Settings) -> Callable[..., Store]:
    import chromadb

    def make(settings: Settings = settings) -> Store:
        store = Store(settings, make_embedder(settings))
        if settings.vector_store == "chroma":
            store.__dict__["backend"] = ChromaBackend(settings, store.embedder, chromadb.EphemeralClient())
        return store

    return make


@pytest.fixture
def make_index(make_store: Callable[..., Store]) -> Callable[..., Index]:
    def make(*settings: Settings) -> Index:
        store = make_store(*settings)
        return Index(store, store.embedder)

    return make


@pytest.fixture
def make_document() -> Callable[..., Document]:
    def make(text: str, source: str = "a.md", title: str = "A") -> Document:
        return Document(page_content=text, metadata={"folder": "docs", "source": source, "title": title, "sha256": text})

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three small documents."""
    path = tmp_path / "docs"
    path.mkdir()
    (path / "ports.md").write_text("# Ports\n\nChroma listens on port 8000.\n\n## Ollama\n\nOllama listens on port 11434.\n")
    (path / "volumes.md").write_text("# Volumes\n\nA named volume survives its container.\n")
    (path / "notes.txt").write_text("Back up the whole folder.")
    return path


@pytest.fixture(scope="session")
def make_pdf() -> Callable[..., bytes]:
    """Gives the bytes of a PDF with these texts as pages; an empty text is a page without any."""
    from io import BytesIO

    from pypdf import PdfWriter
    from pypdf.generic import DictionaryObject, NameObject, StreamObject

    def make(*pages: str, title: str = "", password: str = "") -> bytes:
        writer = PdfWriter()
        font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
        for text in pages:
            page = writer.add_blank_page(300, 200)
            names = DictionaryObject({NameObject(key): NameObject(value) for key, value in font.items()})
            fonts = DictionaryObject({NameObject("/F1"): names})
            page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
            stream = StreamObject()
            stream.set_data(f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode() if text else b"")
            page[NameObject("/Contents")] = writer._add_object(stream)
        if title:
            writer.add_metadata({"/Title": title})
        if password:
            writer.encrypt(password, algorithm="RC4-128")
        file = BytesIO()
        writer.write(file)
        return file.getvalue()

    return make


@pytest.fixture
def make_rag(make_store: Callable[..., Store], settings: Settings) -> Callable[..., Rag]:
    """Gives a pipeline whose chat model writes `rag.says`, and for other tasks what `rag.helps` holds, one after the other."""

    def make(settings: Settings = settings) -> Rag:
        rag = Rag(settings)
        rag.store = rag.retriever.store = make_store(settings)
        rag.embedder = rag.retriever.embedder = rag.store.embedder

        def write(values: Iterator[Any]) -> Iterator[AIMessageChunk]:
            for _ in values:
                yield AIMessageChunk(rag.says)
                usage = {"input_tokens": 500, "output_tokens": 9, "total_tokens": 509}
                yield AIMessageChunk("", response_metadata={"done": True, "done_reason": rag.ends}, usage_metadata=usage)

        rag.generator.__dict__["chain"] = RunnableGenerator(write)
        rag.says, rag.ends = "Chroma listens on port 8000.", "stop"
        rag.helper.__dict__["model"] = FakeListChatModel(responses=[])
        rag.helps = rag.helper.model.responses
        return rag

    return make


@pytest.fixture
def rag(make_rag: Callable[..., Rag], folder: Path) -> Rag:
    """A pipeline over three documents."""
    pipeline = make_rag()
    pipeline.ingest(folder)
    return pipeline
