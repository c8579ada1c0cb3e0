"""One collection of chunks, whichever store keeps it.

Chunks are added, deleted and searched through LangChain's VectorStore, so any store of LangChain's can be put behind it.
That interface has no word for what an incremental index needs besides: which chunks are there, with which vectors, and
what the collection was made with. Those few methods are what a new store has to bring.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore

PAGE = 1000  # records read or deleted at once
Part = Literal["document", "metadata", "embedding"]
Where = Mapping[str, Sequence[str | int]]  # field to the values that are wanted


class Ready(Embeddings):
    """Hands a store the vectors that were made before: LangChain's stores embed what they are given by themselves."""

    def __init__(self, embeddings: Embeddings):
        self.embeddings = embeddings
        self.vectors: Mapping[str, Any] = {}  # numbers as a list or an array

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """The vectors that were put here for these texts, or new ones when one is missing."""
        if all(text in self.vectors for text in texts):
            return [self.vectors[text] for text in texts]
        return self.embeddings.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        return self.embeddings.embed_query(text)


class Collection(ABC):
    """Chunks with vectors. What `about` says was noted when it was made."""

    most = PAGE  # chunks in one write
    lasting = True  # False: it ends with this process

    def __init__(self, name: str, vectors: VectorStore, ready: Ready):
        self.name = name
        self.vectors = vectors
        self._ready = ready

    @property
    @abstractmethod
    def key(self) -> str:
        """Another one each time the collection is made anew."""

    @property
    @abstractmethod
    def space(self) -> str:
        """The distance by which it compares: cosine, l2 or ip."""

    @property
    @abstractmethod
    def about(self) -> dict[str, Any]:
        """What it was made with."""

    @abstractmethod
    def note(self, about: dict[str, Any]) -> None:
        """Replace what `about` says."""

    @abstractmethod
    def count(self) -> int:
        """Chunks in it."""

    @abstractmethod
    def nearest(self, vector: list[float], k: int, where: Where | None = None) -> list[tuple[Document, float]]:
        """The k chunks with the largest cosine similarity, best first."""

    @abstractmethod
    def records(
        self, *parts: Part, ids: Sequence[str] | None = None, where: Where | None = None, limit: int = 0
    ) -> Iterator[dict[str, Any]]:
        """Chunks, each a dict with its id and the parts that are named."""

    def add(self, chunks: Sequence[Document], vectors: Mapping[str, Sequence[float]]) -> None:
        """Store chunks under their ids, in place of what has the same; `vectors` by text."""
        self._ready.vectors = vectors
        for part in pages(chunks, self.most):
            self.vectors.add_documents(list(part), ids=[chunk.id or "" for chunk in part])
        self._ready.vectors = {}

    def delete(self, ids: Iterable[str]) -> None:
        """Remove these chunks; one that is not there is no error."""
        for part in pages(list(ids), PAGE):
            self.vectors.delete(list(part))


class Backend(ABC):
    """A store that keeps collections by name."""

    @abstractmethod
    def get(self, name: str) -> Collection | None:
        """The collection, or None when there is none of this name."""

    @abstractmethod
    def make(self, name: str, about: dict[str, Any]) -> Collection:
        """A new, empty collection that compares by cosine."""

    @abstractmethod
    def drop(self, name: str) -> None:
        """Delete the collection, if it is there."""


def pages(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """The items in runs of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))
