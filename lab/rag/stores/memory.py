"""Collections in the memory of this process: nothing is written, nothing is left afterwards."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from typing import Any, ClassVar

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import InMemoryVectorStore
from typing_extensions import override

from lab.rag.stores.collection import Backend, Collection, Part, Ready, Where

NUMBERS = count(1)
STORED = {"document": "text", "metadata": "metadata", "embedding": "vector"}  # our names to LangChain's


class MemoryCollection(Collection):
    """LangChain's InMemoryVectorStore, which holds each chunk as a dict of id, vector, text and metadata."""

    vectors: InMemoryVectorStore
    lasting = False

    def __init__(self, name: str, about: dict[str, Any], embeddings: Embeddings):
        ready = Ready(embeddings)
        super().__init__(name, InMemoryVectorStore(ready), ready)
        self._key = f"{name}-{next(NUMBERS)}-{time.time_ns()}"
        self._about = about

    @property
    @override
    def key(self) -> str:
        return self._key

    @property
    @override
    def space(self) -> str:
        return "cosine"

    @property
    @override
    def about(self) -> dict[str, Any]:
        return dict(self._about)

    @override
    def note(self, about: dict[str, Any]) -> None:
        self._about = about

    @override
    def count(self) -> int:
        return len(self.vectors.store)

    @override
    def nearest(self, vector: list[float], k: int, where: Where | None = None) -> list[tuple[Document, float]]:
        return self.vectors.similarity_search_with_score_by_vector(vector, k, filter=_matches(where))

    @override
    def records(
        self, *parts: Part, ids: Sequence[str] | None = None, where: Where | None = None, limit: int = 0
    ) -> Iterator[dict[str, Any]]:
        held = list(self.vectors.store.values())
        wanted = held if ids is None else [one for one in map(self.vectors.store.get, ids) if one]
        chosen = (one for one in wanted if _has(one["metadata"], where))
        for one in islice(chosen, limit or None):
            yield {"id": one["id"], **{part: one[STORED[part]] for part in parts}}

    @override
    def add(self, chunks: Sequence[Document], vectors: Any) -> None:
        rows = {text: np.asarray(vector, dtype=np.float32) for text, vector in vectors.items()}  # lists would be read anew each time
        super().add(chunks, rows)  # type: ignore[arg-type]


class MemoryBackend(Backend):
    """Collections by name, the same ones for every pipeline of this process: as a server would keep them."""

    kept: ClassVar[dict[str, MemoryCollection]] = {}

    def __init__(self, embeddings: Embeddings):
        self.embeddings = embeddings

    @override
    def get(self, name: str) -> MemoryCollection | None:
        return self.kept.get(name)

    @override
    def make(self, name: str, about: dict[str, Any]) -> MemoryCollection:
        return self.kept.setdefault(name, MemoryCollection(name, about, self.embeddings))

    @override
    def drop(self, name: str) -> None:
        self.kept.pop(name, None)


def _matches(where: Where | None) -> Callable[[Document], bool] | None:
    return (lambda document: _has(document.metadata, where)) if where else None


def _has(metadata: dict[str, Any], where: Where | None) -> bool:
    return all(metadata.get(field) in values for field, values in (where or {}).items())
