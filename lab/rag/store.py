"""The collection in Chroma: made once with cosine distance and one embedding model, and checked at every opening."""

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.errors import SettingError
from lab.rag.connections import chroma_client, chroma_errors
from lab.rag.embed import Embedder
from lab.settings import Settings

if TYPE_CHECKING:
    from chromadb import Collection
    from chromadb.api import ClientAPI

PAGE = 1000  # records read at once
SAME = 0.999  # cosine from which two vectors of one text are from the same weights (F16 against F32: 0.999998)


class Store:
    """Connects at first use. Every method raises ServiceError when Chroma is away."""

    def __init__(self, settings: Settings, embedder: Embedder):
        self.settings = settings
        self.embedder = embedder
        self._client: ClientAPI | None = None
        self._checked: set[str] = set()

    @property
    def client(self) -> "ClientAPI":
        """The connection, made when first needed."""
        self._client = self._client or chroma_client(self.settings)
        return self._client

    def collection(self) -> "Collection | None":
        """The collection, checked; None when nothing was ingested yet."""
        from chromadb.errors import NotFoundError

        with chroma_errors(self.settings):
            try:
                collection = self.client.get_collection(self.settings.collection, embedding_function=None)
            except NotFoundError:
                return None
            return self._check(collection)

    def make(self) -> "Collection":
        """The collection, made now when it does not exist."""
        from chromadb.errors import InvalidArgumentError

        name = self.settings.collection
        with chroma_errors(self.settings):
            try:
                return self.collection() or self.client.get_or_create_collection(
                    name, configuration={"hnsw": {"space": "cosine"}}, metadata=self._about({}), embedding_function=None
                )
            except InvalidArgumentError as error:
                hint = "Set COLLECTION to 3 to 512 English letters, digits, dots, hyphens or underscores."
                raise SettingError(f"COLLECTION={name} cannot be the name of a collection.", hint) from error

    def drop(self) -> None:
        """Delete the collection, whatever it was made with."""
        from chromadb.errors import NotFoundError

        with chroma_errors(self.settings), contextlib.suppress(NotFoundError):
            self.client.delete_collection(self.settings.collection)

    def stamp(self, collection: "Collection") -> None:
        """Note in the collection what it was made with, and that its content changed now."""
        with chroma_errors(self.settings):
            collection.modify(metadata=self._about(collection.metadata or {}))

    def records(self, collection: "Collection", include: list[Any], limit: int = 0, **where: Any) -> Iterator[dict[str, Any]]:
        """Records page by page, each a dict with id and what `include` names (without the plural s)."""
        offset = 0
        while not limit or offset < limit:
            with chroma_errors(self.settings):
                page = collection.get(limit=PAGE, offset=offset, include=include, **where)
            columns = {"id": page["ids"], **{name[:-1]: page[name] for name in include}}  # type: ignore[literal-required]
            yield from ({name: column[row] for name, column in columns.items()} for row in range(len(page["ids"])))
            offset += PAGE
            if len(page["ids"]) < PAGE:
                return

    def _about(self, known: dict[str, Any]) -> dict[str, Any]:
        own = self.settings
        return {
            **known,
            "embed_model": own.embed_model,
            "embed_digest": self.embedder.digest(),
            "chunk_size": own.chunk_size,
            "chunk_overlap": own.chunk_overlap,
            "changed_at": time.time(),
        }

    def _check(self, collection: "Collection") -> "Collection":
        name, about = collection.name, collection.metadata or {}
        made_with = about.get("embed_model", "")
        if made_with != self.settings.embed_model:
            hint = f"Set EMBED_MODEL={made_with}, choose another COLLECTION, or make it anew: lab ingest --rebuild"
            made = f"with {made_with}" if made_with else "by something else than `lab ingest`"
            raise SettingError(f"The collection {name} was made {made}, and EMBED_MODEL is {self.settings.embed_model}.", hint)
        space = (collection.configuration_json.get("hnsw") or {}).get("space")
        if space != "cosine":
            hint = "Distances cannot be changed later: choose another COLLECTION, or make it anew: lab ingest --rebuild"
            raise SettingError(f"The collection {name} measures {space} distance; the lab needs cosine.", hint)
        self._check_weights(collection, about)
        return collection

    def _check_weights(self, collection: "Collection", about: dict[str, Any]) -> None:
        """Same model name, other digest: harmless when the vectors agree, as with another file format of the same weights."""
        digest = about.get("embed_digest", "")
        if digest in self._checked or digest == self.embedder.digest():
            self._checked.add(digest)
            return
        sample = collection.get(limit=1, include=["documents", "embeddings"])
        if sample["ids"]:
            stored = np.asarray(sample["embeddings"])[0]
            now = np.asarray(self.embedder.embed_query((sample["documents"] or [""])[0]))
            if stored.shape != now.shape or stored @ now / np.linalg.norm(stored) / np.linalg.norm(now) < SAME:
                hint = "Make the collection anew with the present weights: lab ingest --rebuild"
                raise SettingError(f"{self.settings.embed_model} is not the same model any more as when {collection.name} was made.", hint)
        self._checked.add(digest)
