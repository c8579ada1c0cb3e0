"""From a question to its passages: transform, retrieve, fuse, make diverse, rerank, widen. Each stage is a setting."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lab.errors import InputError
from lab.rag.chat_model import Helper
from lab.rag.embed import Embedder
from lab.rag.embedding_models import reads
from lab.rag.fuse import by_rank, by_scores, diverse
from lab.rag.keyword_index import KeywordIndex, Keywords
from lab.rag.own import FIELDS, PREFIX, Value, written
from lab.rag.question import nothing_indexed
from lab.rag.rerank import reorder, reranker
from lab.rag.retrieve import Dense, Hit, Keyword, Query, Ranking, Retriever
from lab.rag.store import Store
from lab.rag.stores.collection import Collection, Where
from lab.rag.timings import Clock
from lab.rag.trace import Trace
from lab.rag.transform import Wording, wordings
from lab.rag.window import widen
from lab.rag.words import Lexicon
from lab.settings import Settings

CANDIDATES = 50  # chunks that each way of retrieval gives
CHOICE = 5  # times as many candidates as places, among which diversity chooses
MODES: dict[str, tuple[Retriever, ...]] = {"dense": (Dense(),), "keyword": (Keyword(),), "hybrid": (Dense(), Keyword())}
Filter = Mapping[str, Value | Sequence[Value]]


@dataclass(frozen=True)
class Found:
    """What a search gives to the later stages."""

    query: Query
    hits: list[Hit]
    trace: Trace
    notes: list[str] = field(default_factory=list)

    @property
    def vector(self) -> list[float]:
        """The question's vector."""
        return self.query.vector

    @property
    def lexicon(self) -> Lexicon:
        """How rare each word is in the collection."""
        return self.query.keywords.lexicon


class Search:
    """Searches one collection."""

    def __init__(self, settings: Settings, embedder: Embedder, store: Store, helper: Helper):
        self.settings = settings
        self.embedder = embedder
        self.store = store
        self.helper = helper
        self.keywords = Keywords(settings)

    def run(self, question: str, k: int, where: Filter | None, clock: Clock) -> Found:
        """The k best passages. Raises InputError when there is nothing to search."""
        wanted = checked(where)
        with clock.stage("search"):
            collection, size = self._collection()
        k = min(k, size)
        with clock.stage("embed"):
            vector = self.embedder.embed_query(question)
        with clock.stage("search"):
            asked = Query(collection, self.keywords.of(collection, size), question, vector, floor=self.embedder.traits.floor)
        _known(wanted, asked.keywords)
        found = Found(asked, [], Trace(question, chunks=size))
        order = self._order(found, wanted, max(CANDIDATES, self._needed(k)), clock)
        with clock.stage("search"):
            found.hits.extend(asked.hits([chunk for chunk, _ in self._choice(found, order, k)]))
        self._rerank(found, k, clock)
        with clock.stage("search"):
            found.hits[:] = widen(self.settings, asked, found.hits, wanted)
            if wanted and not found.hits and not any(collection.records(where=wanted, limit=1)):
                found.notes.append(f"No passage has {_told(wanted)}.")
        found.trace.see(found.hits)
        return found

    def _collection(self) -> tuple[Collection, int]:
        """The collection and how many chunks it has."""
        collection = self.store.collection()
        if collection and (size := collection.count()):
            return collection, size
        raise nothing_indexed(self.settings)

    def _order(self, found: Found, where: Where, n: int, clock: Clock) -> Ranking:
        """The order of all wordings; one that comes high for several of them comes first."""
        orders = [self._of_wording(found, one, where, n, clock) for one in self._wordings(found, clock)]
        if len(orders) == 1:
            return orders[0]
        order = by_rank(orders)
        found.trace.add("all wordings fused", order=order)
        return order

    def _wordings(self, found: Found, clock: Clock) -> list[Wording]:
        transform, question = self.settings.query_transform, found.query.text
        if transform == "none":
            return [Wording(question)]
        started = time.perf_counter()
        with clock.stage("transform"):
            result = wordings(self.helper, transform, question)
        said = " | ".join(one.meant or one.text for one in result)
        found.trace.add(f"transformed ({transform})", said, milliseconds=_since(started))
        return result

    def _of_wording(self, found: Found, wording: Wording, where: Where, n: int, clock: Clock) -> Ranking:
        asked = found.query
        query = asked
        if (wording.text, wording.meant) != (asked.text, ""):
            with clock.stage("embed"):
                vector = self._vector(wording, asked.vector)
            query = Query(asked.collection, asked.keywords, wording.text, vector, floor=asked.floor)
        with clock.stage("search"):
            return self._fused(found, query, where, n)

    def _vector(self, wording: Wording, otherwise: list[float]) -> list[float]:
        """Of the passage that is meant, unless it is longer than the model reads."""
        return (self.embedder.batch([wording.meant])[0] or otherwise) if wording.meant else self.embedder.embed_query(wording.text)

    def _fused(self, found: Found, query: Query, where: Where, n: int) -> Ranking:
        rankings = []
        for retriever in self._retrievers(found, query.text):
            started = time.perf_counter()
            rankings.append(retriever.rank(query, n, where))
            found.trace.add(retriever.name, query.text, rankings[-1], _since(started))
        if len(rankings) == 1:
            return rankings[0]
        started = time.perf_counter()
        fused = by_rank(rankings) if self.settings.fusion == "rrf" else by_scores(query, rankings)
        found.trace.add(f"fused ({self.settings.fusion})", order=fused, milliseconds=_since(started))
        return fused

    def _retrievers(self, found: Found, text: str) -> tuple[Retriever, ...]:
        """Those of the mode; a language that the embedding model cannot read is left to keywords, not mixed with noise."""
        mode, model = self.settings.retrieval_mode, self.embedder.model
        if mode == "keyword" or reads(model, text):
            return MODES[mode]
        about = f"{model} reads {self.embedder.traits.language} only"
        if mode == "dense":
            note = f"{about}: what RETRIEVAL_MODE=dense finds for this question may be chance."
        else:
            note = f"{about}, so this question was searched by its words alone. EMBED_MODEL=multilingual-e5-small reads more languages."
        if note not in found.notes:
            found.notes.append(note)
        return MODES["dense" if mode == "dense" else "keyword"]

    def _needed(self, k: int) -> int:
        """Chunks that the stages after the choice look at."""
        return k if self.settings.rerank == "none" else max(k, self.settings.rerank_candidates)

    def _choice(self, found: Found, order: Ranking, k: int) -> Ranking:
        """As many chunks as the later stages need."""
        own, needed = self.settings, self._needed(k)
        if not own.diversity:
            return order[:needed]
        pool = order[: CHOICE * needed]
        records = found.query.collection.records("embedding", ids=[chunk for chunk, _ in pool])
        chosen = diverse(pool, {one["id"]: np.asarray(one["embedding"]) for one in records}, needed, own.diversity)
        found.trace.add(f"diverse ({own.diversity:g})", order=chosen)
        return chosen

    def _rerank(self, found: Found, k: int, clock: Clock) -> None:
        if reader := reranker(self.settings, self.helper, self.embedder):
            started = time.perf_counter()
            with clock.stage("rerank"):
                scores = reader.score(found.query.text, found.hits)
            found.hits[:], order = reorder(found.hits, scores)
            found.trace.see(found.hits)
            found.trace.add(f"reranked ({self.settings.rerank})", order=order, milliseconds=_since(started))
        del found.hits[k:]


def checked(where: Filter | None) -> Where:
    """A filter in the index's names, with lists of values. Raises InputError for what cannot be a filter."""
    return {field if field in FIELDS else PREFIX + field: _values(field, values) for field, values in (where or {}).items()}


def _values(field: str, given: Any) -> list[str]:
    """The values as they are kept: the index's own fields hold texts, those of documents any value."""
    allowed, kinds = (str, "text") if field in FIELDS else (Value, "value")
    values = [given] if isinstance(given, Value) else given
    if not isinstance(values, Iterable) or not (several := list(values)) or not all(isinstance(one, allowed) for one in several):
        hint = f'Give one {kinds} or several, for example where={{"{field}": ["one", "another"]}}, or leave {field} out.'
        raise InputError(f"The filter {field} needs at least one {kinds}, and it is {given!r}.", hint)
    return several if field in FIELDS else [written(one) for one in several]


def _known(where: Where, index: KeywordIndex) -> None:
    """Raises InputError for a field that no document has: most often it is misspelt."""
    if unknown := sorted(_plain(field) for field in set(where) - set(index.rows)):
        listed = ", ".join(_plain(field) for field in index.rows)
        raise InputError(f"Chunks have no field {', '.join(unknown)} to filter by.", f"Filter by {listed}.")


def _plain(field: str) -> str:
    return field.removeprefix(PREFIX)


def _told(where: Where) -> str:
    return ", ".join(f"{_plain(field)}={' or '.join(map(str, values))}" for field, values in where.items())


def _since(started: float) -> float:
    return 1000 * (time.perf_counter() - started)
