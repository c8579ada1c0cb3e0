"""The chunks nearest to a question: by meaning first, then ordered together with the words they share."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.rag.connections import chroma_errors
from lab.rag.split import body
from lab.rag.store import Store
from lab.rag.words import Lexicon, term_set, terms

if TYPE_CHECKING:
    from chromadb import Collection
    from langchain_chroma import Chroma

CANDIDATES = 100  # chunks fetched by meaning, of which the shared words choose
# Weight of shared words beside similarity. On the 48 questions of tests/integration/rag the passage with the answer comes
# first for 0.79 of them by similarity alone, 0.90 by reciprocal rank fusion, 0.94 with 0.4 or 0.5; among the first 3: 0.92, 1.00, 1.00.
WORDS = 0.5
SAMPLE = 5000  # chunks from which the rarity of words is counted


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

    @property
    def rank(self) -> float:
        """What passages are ordered by: similarity and shared words together."""
        return self.score + WORDS * self.cover


class Retriever:
    """Searches one collection."""

    def __init__(self, store: Store):
        self.store = store
        self._lexicon: tuple[object, Lexicon] = (None, Lexicon([]))
        self._opened: dict[object, Chroma] = {}

    def lexicon(self, collection: "Collection") -> Lexicon:
        """Rarity of words in this collection, counted once and again after an ingest changed it."""
        state = (collection.id, (collection.metadata or {}).get("changed_at"))
        if state != self._lexicon[0]:
            records = self.store.records(collection, ["documents"], limit=SAMPLE)
            self._lexicon = (state, Lexicon(record["document"] for record in records))
        return self._lexicon[1]

    def vector_store(self, collection: "Collection") -> "Chroma":
        """The collection as LangChain's vector store."""
        from langchain_chroma import Chroma

        if collection.id not in self._opened:
            embedder, client = self.store.embedder, self.store.client
            self._opened = {collection.id: Chroma(collection.name, embedder, client=client, create_collection_if_not_exists=False)}
        return self._opened[collection.id]

    def search(self, collection: "Collection", question: str, vector: list[float], k: int) -> list[Hit]:
        """The k best chunks, best first."""
        lexicon, wanted = self.lexicon(collection), terms(question)
        with chroma_errors(self.store.settings):
            store = self.vector_store(collection)
            found = store.similarity_search_by_vector_with_relevance_scores(vector, max(CANDIDATES, k))
        hits = []
        for document, distance in found:
            about = document.metadata
            cover = lexicon.cover(wanted, term_set(document.page_content))
            hits.append(Hit(document.id or "", body(document), about["source"], about["section"], about["title"], 1 - distance, cover))
        return sorted(hits, key=lambda hit: -hit.rank)[:k]
