"""The keyword index of a collection, as the collection is now."""

import contextlib
from pathlib import Path

from lab.rag.keyword_index import KeywordIndex
from lab.rag.stores.collection import Collection
from lab.settings import Settings


class Keywords:
    """Makes the index when it is first needed, and again when the collection has changed: in this process or another."""

    def __init__(self, settings: Settings):
        self.folder: Path = settings.lab_home / "keywords" / settings.vector_store
        self._index: KeywordIndex | None = None

    def of(self, collection: Collection) -> KeywordIndex:
        """The index of the collection: from memory, from disk, or made now."""
        state = [collection.key, collection.about.get("changed_at"), collection.count()]
        if self._index is None or self._index.state != state:
            kept = self.folder / collection.name
            self._index = (KeywordIndex.load(kept, state) if collection.lasting else None) or self._make(collection, state, kept)
        return self._index

    def _make(self, collection: Collection, state: list[object], kept: Path) -> KeywordIndex:
        made = KeywordIndex.build(state, collection.records("document", "metadata"))
        if collection.lasting:
            with contextlib.suppress(OSError):  # a full disk costs the next process some seconds, and this one nothing
                made.save(kept)
        return made
