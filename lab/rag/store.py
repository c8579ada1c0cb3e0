"""The lab's collection in the store that VECTOR_STORE names: made once, with one embedding model, and checked at every opening."""

import time
from functools import cached_property
from typing import Any

import numpy as np

from lab.errors import SettingError
from lab.rag.embed import Embedder
from lab.rag.stores.collection import Backend, Collection
from lab.settings import Settings

SAME = 0.999  # cosine from which two vectors of one text are from the same weights (F16 against F32: 0.999998)
REBUILD = "make it anew: lab ingest --rebuild"


class Unfit(SettingError):
    """A collection was made with something else than the settings say."""


class Store:
    """Connects at first use. Every method raises ServiceError when a server is needed and away."""

    def __init__(self, settings: Settings, embedder: Embedder):
        self.settings = settings
        self.embedder = embedder
        self._checked: set[str] = set()

    @cached_property
    def backend(self) -> Backend:
        """The store, opened when first needed. A store's libraries are imported by its own module only."""
        if self.settings.vector_store == "memory":
            from lab.rag.stores.memory import MemoryBackend

            return MemoryBackend(self.embedder)
        if self.settings.vector_store == "chroma-embedded":
            from lab.rag.stores.chroma_embedded import open_embedded

            return open_embedded(self.settings, self.embedder)
        from lab.rag.stores.chroma import ChromaBackend

        return ChromaBackend(self.settings, self.embedder)

    def collection(self) -> Collection | None:
        """The collection, checked; None when nothing was ingested yet."""
        found = self.backend.get(self.settings.collection)
        return self._check(found) if found else None

    def make(self) -> Collection:
        """The collection, made now when it does not exist."""
        return self.collection() or self.backend.make(self.settings.collection, self._about({}))

    def drop(self) -> None:
        """Delete the collection, whatever it was made with."""
        self.backend.drop(self.settings.collection)

    def begin(self, collection: Collection) -> None:
        """Note that its content changes from now on: should this ingest break off, the next one stamps it all the same."""
        collection.note({**collection.about, "writing": True, "changed_at": time.time()})

    def stamp(self, collection: Collection) -> None:
        """Note in the collection what it was made with, and that its content changed now."""
        collection.note(self._about(collection.about))

    def changed(self, collection: Collection, before: dict[str, Any]) -> None:
        """Note that its content changed now, by something that wrote nothing new; `before` is what it was noted with."""
        collection.note({**before, "changed_at": time.time()})

    def _about(self, known: dict[str, Any]) -> dict[str, Any]:
        own = self.settings
        return {
            **known,
            "embed_model": own.embed_model,
            "embed_digest": self.embedder.digest(),
            "embed_prefix": self.embedder.traits.passage,
            "chunk_size": own.chunk_size,
            "chunk_overlap": own.chunk_overlap,
            "changed_at": time.time(),
            "writing": False,
        }

    def _check(self, collection: Collection) -> Collection:
        name, about, own = collection.name, collection.about, self.settings
        made_with = about.get("embed_model", "")
        if made_with != own.embed_model:
            hint = f"Set EMBED_MODEL={made_with}, choose another COLLECTION, or {REBUILD}"
            made = f"with {made_with}" if made_with else "by something else than `lab ingest`"
            raise Unfit(f"The collection {name} was made {made}, and EMBED_MODEL is {own.embed_model}.", hint)
        if collection.space != "cosine":
            hint = f"Distances cannot be changed later: choose another COLLECTION, or {REBUILD}"
            raise Unfit(f"The collection {name} measures {collection.space} distance; the lab needs cosine.", hint)
        prefix, needed = about.get("embed_prefix", ""), self.embedder.traits.passage
        if prefix != needed:
            hint = f"Vectors made with different prefixes do not match: {REBUILD}"
            raise Unfit(f"The collection {name} was made with the prefix “{prefix}”; {own.embed_model} needs “{needed}”.", hint)
        self._check_weights(collection, about)
        return collection

    def _check_weights(self, collection: Collection, about: dict[str, Any]) -> None:
        """Same model name, other digest: harmless when the vectors agree, as with another file format of the same weights."""
        digest = about.get("embed_digest", "")
        if digest in self._checked or digest == self.embedder.digest():
            self._checked.add(digest)
            return
        for sample in collection.records("document", "embedding", limit=1):
            stored = np.asarray(sample["embedding"])
            now = np.asarray(self.embedder.embed_documents([sample["document"]])[0])
            if stored.shape != now.shape or stored @ now / np.linalg.norm(stored) / np.linalg.norm(now) < SAME:
                hint = "Make the collection anew with the present weights: lab ingest --rebuild"
                raise Unfit(f"{self.settings.embed_model} is not the same model any more as when {collection.name} was made.", hint)
        self._checked.add(digest)
