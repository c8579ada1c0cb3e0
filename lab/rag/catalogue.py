"""What is in a collection, document by document: listed in pages, counted, deleted."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.errors import MissingError
from lab.rag.documents import HANDED_OVER
from lab.rag.lock import only_writer
from lab.rag.own import Value, own
from lab.rag.question import nothing_indexed
from lab.rag.store import Store
from lab.rag.stores.collection import Collection, Where

Place = tuple[str, str]  # folder and source of a document


@dataclass(frozen=True)
class Entry:
    """A document of the index."""

    folder: str
    source: str
    title: str
    chunks: int
    own: Mapping[str, Value]

    @property
    def place(self) -> Place:
        """What tells it from all others."""
        return self.folder, self.source


class Catalogue:
    """The documents of one collection."""

    def __init__(self, store: Store):
        self.store = store

    def page(self, after: Place | None, limit: int, folder: str = "") -> tuple[list[Entry], Place | None]:
        """At most `limit` documents in the order of their places, and the place after which the next page begins.

        A page begins after a place, not at a number: what is added or deleted meanwhile moves nothing.
        """
        collection = self._collection()
        where: Where = {"position": [0], **({"folder": [folder]} if folder else {})}  # the first chunk of each document
        first = {_place(record): record["metadata"] for record in collection.records("metadata", where=where)}
        places = sorted(place for place in first if after is None or place > after)
        shown = places[:limit]
        chunks = self._chunks(collection, shown)
        entries = [Entry(*place, first[place].get("title", ""), chunks[place], own(first[place])) for place in shown]
        return entries, shown[-1] if len(places) > limit else None

    def chunks(self, sources: Iterable[str], folder: str = HANDED_OVER) -> Counter[Place]:
        """Chunks that are stored now of each of these documents."""
        collection = self.store.collection()
        return self._chunks(collection, [(folder, source) for source in sources]) if collection else Counter()

    def delete(self, source: str, folder: str = HANDED_OVER) -> int:
        """Remove a document; returns how many chunks it had. Raises MissingError when it is not there."""
        with only_writer(self.store.settings, lambda: None):
            collection = self._collection()
            where = {"folder": [folder], "source": [source]}
            ids = [record["id"] for record in collection.records(where=where)]
            if not ids:
                raise MissingError(f"There is no document {source} in {folder}.", "GET /documents lists what is there.")
            before = collection.about
            self.store.begin(collection)
            collection.delete(ids)
            self.store.changed(collection, before)
        return len(ids)

    def _collection(self) -> Collection:
        if collection := self.store.collection():
            return collection
        raise nothing_indexed(self.store.settings)

    def _chunks(self, collection: Collection, places: list[Place]) -> Counter[Place]:
        if not places:
            return Counter()
        where = {"folder": sorted({folder for folder, _ in places}), "source": sorted({source for _, source in places})}
        found = Counter(_place(record) for record in collection.records("metadata", where=where))
        return Counter({place: found[place] for place in places})


def _place(record: dict[str, Any]) -> Place:
    about = record["metadata"]
    return about.get("folder", ""), about.get("source", "")
