"""What every way of retrieval has in common: a query, an order of chunks, and the passages that come out of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
from langchain_core.documents import Document

from lab.rag.keyword_index import KeywordIndex
from lab.rag.own import Value, own
from lab.rag.split import body
from lab.rag.stores.collection import Collection, Where
from lab.rag.words import term_set, terms

# Weight of shared words beside similarity. The right article comes first, and among the first three, on the questions of
# corpus/questions.jsonl that the handbook answers:
#                                               similarity   BM25         both, by rank  both, by this sum
# 155 in English with all-minilm                0.78, 0.91   0.80, 0.94   0.84, 0.97     0.86, 0.96
# 58 in Japanese with multilingual-e5-small     0.84, 0.95   0.84, 0.98   0.90, 0.93     0.93, 0.98
# 58 in Japanese with all-minilm, which reads none of it: similarity 0.43, 0.67; all of both 0.71, 0.84; BM25 alone 0.84, 0.98.
WORDS = 0.5

Number = TypeVar("Number", float, np.ndarray)
DIGITS = 6  # of a score that count in an order
NOTED = {"folder": "", "source": "(no source)", "section": "", "title": "", "position": 0}  # of a chunk, unless an ingest noted it
Ranking = list[tuple[str, float]]  # ids of chunks with their scores, best first


@dataclass(frozen=True)
class Hit:
    """A chunk that was found. `score` is its cosine similarity to the question (1: the same direction)."""

    id: str
    text: str
    source: str
    section: str
    title: str
    score: float
    cover: float  # share of the question's weighty words that it contains
    folder: str = ""
    position: int = 0  # of the chunk in its document
    window: tuple["Hit", ...] = ()  # the passage with what stands around it, in the document's order
    floor: float = 0.0  # the score of unrelated passages, which depends on the embedding model
    own: Mapping[str, Value] = field(default_factory=dict, compare=False)  # what its document brought

    @property
    def rank(self) -> float:
        """Similarity and shared words together: how well the chunk fits the question, whichever way it was found."""
        return likeness(self.score, self.floor) + WORDS * self.cover

    @property
    def headed(self) -> str:
        """The path of headings above it."""
        return self.section or self.title


@dataclass
class Query:
    """One text that is looked for, and the chunks seen for it so far with their similarity."""

    collection: Collection
    keywords: KeywordIndex
    text: str
    vector: list[float]
    documents: dict[str, Document] = field(default_factory=dict)
    near: dict[str, float] = field(default_factory=dict)
    floor: float = 0.0  # the cosine of unrelated texts

    def see(self, document: Document, similarity: float) -> str:
        """Remember a chunk; returns its id. One that was added by hand may lack what an ingest notes."""
        chunk = document.id or ""
        document.metadata = {**NOTED, **document.metadata}
        self.documents[chunk], self.near[chunk] = document, similarity
        return chunk

    def complete(self, ids: list[str]) -> None:
        """Fetch the chunks that were not seen yet. One that was deleted meanwhile stays away."""
        missing = [chunk for chunk in ids if chunk not in self.near]
        vector = np.asarray(self.vector)
        for record in self.collection.records("document", "metadata", "embedding", ids=missing):
            other = np.asarray(record["embedding"])
            cosine = float(vector @ other / ((np.linalg.norm(vector) * np.linalg.norm(other)) or 1))
            self.see(Document(id=record["id"], page_content=record["document"], metadata=record["metadata"] or {}), cosine)

    def hits(self, ids: list[str]) -> list[Hit]:
        """These chunks as hits, in this order."""
        self.complete(ids)
        wanted = terms(self.text)
        return [self._hit(self.documents[chunk], wanted) for chunk in ids if chunk in self.documents]

    def _hit(self, document: Document, wanted: list[str]) -> Hit:
        known, chunk = document.metadata, document.id or ""
        cover = self.keywords.lexicon.cover(wanted, term_set(document.page_content))
        place = (known["source"], known["section"], known["title"])
        where = (known["folder"], known["position"])
        return Hit(chunk, body(document), *place, self.near[chunk], cover, *where, floor=self.floor, own=own(known))


def likeness(cosine: Number, floor: float) -> Number:
    """Similarity on one scale for all embedding models: 0 for unrelated texts, 1 for the same text."""
    return (cosine - floor) / (1 - floor)


def ordered(scores: Iterable[tuple[str, float]]) -> Ranking:
    """Best first. Stores differ in the seventh digit, and equal scores come in the order of their ids: every store agrees."""
    return sorted(scores, key=lambda one: (-round(one[1], DIGITS), one[0]))


class Retriever(Protocol):
    """A way of finding chunks."""

    name: str

    def rank(self, query: Query, n: int, where: Where) -> Ranking:
        """The n best chunks that pass the filter."""


class Dense:
    """The chunks nearest in meaning: the vector store's own search."""

    name = "dense"

    def rank(self, query: Query, n: int, where: Where) -> Ranking:
        """Ids and cosine similarities of the n nearest chunks."""
        found = query.collection.nearest(query.vector, n, where)
        return ordered((query.see(document, similarity), similarity) for document, similarity in found)


class Keyword:
    """The chunks that share a question's rare words: BM25."""

    name = "keyword"

    def rank(self, query: Query, n: int, where: Where) -> Ranking:
        """Ids and BM25 scores of the n best chunks."""
        return query.keywords.search(query.text, n, where)
