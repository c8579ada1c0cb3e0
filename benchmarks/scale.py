"""What a hundred times as many chunks cost a search: Chroma, the keyword index and their fusion together."""

import hashlib
import random
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from benchmarks.measure import Row, median_ratio, seconds, spread, take_turns
from benchmarks.query import QUESTIONS
from benchmarks.servers import lab
from lab.rag.embedding_models import EmbeddingModel
from lab.settings import ROOT, Settings

if TYPE_CHECKING:
    from lab.rag.pipeline import Rag

SIZES = (1_000, 100_000)
WORDS, WIDTH, BATCH, ROUNDS = 80, 384, 2_000, 20


class Numbers(Embeddings):
    """Stands in for the embedding model: a hundred thousand real vectors would take an hour, and a search takes as long with any."""

    model, traits = "all-minilm", EmbeddingModel()

    def digest(self) -> str:
        """Of no weights."""
        return "numbers"

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """A direction for each text."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The same direction for the same text."""
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
        vector = np.random.default_rng(seed).normal(size=WIDTH)
        return [float(number) for number in vector / np.linalg.norm(vector)]


def rows() -> Iterator[Row]:
    """Medians over searches in both collections, by turns."""
    with lab("chroma") as settings:
        small, large = (_filled(settings, size) for size in SIZES)
        questions = iter(QUESTIONS * (2 * ROUNDS))
        for rag in (small, large):
            rag.search(next(questions))  # loads the vectors, makes the keyword index
        few, many = take_turns(*(lambda rag=rag: seconds(lambda: rag.search(next(questions))) for rag in (small, large)), rounds=ROUNDS)
    note = f"{spread([1000 * one for one in many])} ms with {SIZES[1]:,} chunks, {spread([1000 * one for one in few])} ms with {SIZES[0]:,}"
    yield Row("retrieval: time with 100 times as many chunks, p50", median_ratio(many, few), 3, "at most", note=note)


def _filled(settings: Settings, size: int) -> "Rag":
    """A pipeline over this many chunks of words as often as the handbook uses them."""
    from lab.rag.pipeline import Rag
    from lab.settings import load_settings

    rag = Rag.open(load_settings(**{**settings.model_dump(), "collection": f"scale-{size}"}))
    rag.embedder = rag.store.embedder = rag.retriever.embedder = Numbers()  # type: ignore[assignment]
    collection = rag.store.make()
    words = re.findall(r"\S+", " ".join(path.read_text("utf-8") for path in sorted((ROOT / "corpus").rglob("*.md"))))
    for start in range(0, size, BATCH):
        chunks = [_chunk(words, number) for number in range(start, start + BATCH)][: size - start]
        collection.add(chunks, {chunk.page_content: rag.embedder.embed_query(chunk.page_content) for chunk in chunks})
    rag.store.stamp(collection)
    return rag


def _chunk(words: list[str], number: int) -> Document:
    text = " ".join(random.Random(number).choices(words, k=WORDS))
    about = {"folder": "scale", "source": f"{number // 20}.md", "title": "T", "section": f"S{number // 4}", "position": number % 20}
    return Document(id=f"{number:08}", page_content=text, metadata={**about, "script": "latin"})
