"""The chunks nearest to a question: by meaning first, then ordered together with the words they share."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.rag.connections import chroma_errors
from lab.rag.split import body
from lab.rag.store import Store
from lab.rag.words import Lexicon, terms

if TYPE_CHECKING:
    from chromadb import Collection

CANDIDATES = 50  # chunks fetched by meaning, of which the shared words choose
FUSION = 20  # constant of reciprocal rank fusion: small, so that a first place counts
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


class Retriever:
    """Searches one collection."""

    def __init__(self, store: Store):
        self.store = store
        self._lexicon: tuple[object, Lexicon] = (None, Lexicon([]))

    def lexicon(self, collection: "Collection") -> Lexicon:
        """Rarity of words in this collection, counted once and again after an ingest changed it."""
        state = (collection.id, (collection.metadata or {}).get("changed_at"))
        if state != self._lexicon[0]:
            records = self.store.records(collection, ["documents"], limit=SAMPLE)
            self._lexicon = (state, Lexicon(record["document"] for record in records))
        return self._lexicon[1]

    def search(self, collection: "Collection", question: str, vector: list[float], k: int) -> list[Hit]:
        """The k best chunks, best first."""
        lexicon, wanted = self.lexicon(collection), terms(question)
        with chroma_errors(self.store.settings):
            found = self._nearest(collection, vector, max(CANDIDATES, k))
        hits = []
        for document, distance in found:
            about = document.metadata
            cover = lexicon.cover(wanted, terms(document.page_content))
            hits.append(Hit(document.id or "", body(document), about["source"], about["section"], about["title"], 1 - distance, cover))
        by_words = sorted(hits, key=lambda hit: -hit.cover)
        place = {hit.id: 1 / (FUSION + rank) for rank, hit in enumerate(by_words, 1) if hit.cover}
        fused = {hit.id: 1 / (FUSION + rank) + place.get(hit.id, 0) for rank, hit in enumerate(hits, 1)}
        return sorted(hits, key=lambda hit: -fused[hit.id])[:k]
