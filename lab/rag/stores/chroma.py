"""Collections in Chroma: in its server, or in this process (`chroma_embedded`)."""

import contextlib
from collections.abc import Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from typing_extensions import override

from lab.errors import SettingError
from lab.rag.connections import chroma_client, chroma_errors
from lab.rag.stores.collection import PAGE, Backend, Collection, Part, Ready, Where, pages
from lab.settings import Settings

if TYPE_CHECKING:
    import chromadb
    from chromadb.api import ClientAPI


class ChromaCollection(Collection):
    """A collection of Chroma's behind LangChain's class for it. Raises ServiceError when Chroma is away."""

    def __init__(self, settings: Settings, client: "ClientAPI", embeddings: Embeddings, found: "chromadb.Collection"):
        from langchain_chroma import Chroma

        ready = Ready(embeddings)
        vectors = Chroma(found.name, ready, client=client, create_collection_if_not_exists=False)
        super().__init__(found.name, vectors, ready)
        self.settings = settings
        self.most = client.get_max_batch_size()
        self.found = found  # what Chroma answered last: it carries `about`

    @property
    @override
    def key(self) -> str:
        return str(self.found.id)

    @property
    @override
    def space(self) -> str:
        return str((self.found.configuration_json.get("hnsw") or {}).get("space"))

    @property
    @override
    def about(self) -> dict[str, Any]:
        return dict(self.found.metadata or {})

    @override
    def note(self, about: dict[str, Any]) -> None:
        with chroma_errors(self.settings):
            self.found.modify(metadata=about)

    @override
    def count(self) -> int:
        with chroma_errors(self.settings):
            return self.found.count()

    @override
    def nearest(self, vector: list[float], k: int, where: Where | None = None) -> list[tuple[Document, float]]:
        with chroma_errors(self.settings):
            found = self.vectors.similarity_search_by_vector_with_relevance_scores(  # type: ignore[attr-defined]
                vector, k, filter=_condition(where)
            )
        return [(document, 1 - distance) for document, distance in found]

    @override
    def records(
        self, *parts: Part, ids: Sequence[str] | None = None, where: Where | None = None, limit: int = 0
    ) -> Iterator[dict[str, Any]]:
        if ids is not None:
            asked = list(pages(ids, PAGE))
            yield from (record for part in asked for record in self._page(parts, {"ids": list(part)}))
            return
        for offset in count(0, PAGE):
            most = min(PAGE, limit - offset) if limit else PAGE
            page = self._page(parts, {"where": _condition(where), "limit": most, "offset": offset})
            yield from page
            if len(page) < most or offset + most == limit:
                return

    def _page(self, parts: Sequence[Part], wanted: dict[str, Any]) -> list[dict[str, Any]]:
        with chroma_errors(self.settings):
            found: Any = self.found.get(include=[f"{part}s" for part in parts], **wanted)  # type: ignore[misc]
        columns: dict[str, Any] = {"id": found["ids"], **{part: found[f"{part}s"] for part in parts}}
        return [{name: column[row] for name, column in columns.items()} for row in range(len(found["ids"]))]

    @override
    def add(self, chunks: Sequence[Document], vectors: Any) -> None:
        with chroma_errors(self.settings):
            super().add(chunks, vectors)

    @override
    def delete(self, ids: Any) -> None:
        with chroma_errors(self.settings):
            super().delete(ids)


class ChromaBackend(Backend):
    """Chroma's server, or what another client of Chroma's reaches."""

    def __init__(self, settings: Settings, embeddings: Embeddings, client: "ClientAPI | None" = None):
        self.settings = settings
        self.embeddings = embeddings
        self.client = client or chroma_client(settings)
        self._opened: dict[str, ChromaCollection] = {}

    @override
    def get(self, name: str) -> ChromaCollection | None:
        from chromadb.errors import NotFoundError

        with chroma_errors(self.settings):
            try:
                return self._open(self.client.get_collection(name, embedding_function=None))
            except NotFoundError:
                return None

    @override
    def make(self, name: str, about: dict[str, Any]) -> ChromaCollection:
        from chromadb.errors import InvalidArgumentError

        with chroma_errors(self.settings):
            try:
                made = self.client.get_or_create_collection(
                    name, configuration={"hnsw": {"space": "cosine"}}, metadata=about, embedding_function=None
                )
            except InvalidArgumentError as error:
                hint = "Set COLLECTION to 3 to 512 English letters, digits, dots, hyphens or underscores."
                raise SettingError(f"COLLECTION={name} cannot be the name of a collection.", hint) from error
            return self._open(made)

    @override
    def drop(self, name: str) -> None:
        from chromadb.errors import NotFoundError

        with chroma_errors(self.settings), contextlib.suppress(NotFoundError):
            self.client.delete_collection(name)

    def _open(self, found: "chromadb.Collection") -> ChromaCollection:
        """LangChain asks the server again when it opens a collection, so each is opened once."""
        key = str(found.id)
        if key not in self._opened:
            self._opened = {key: ChromaCollection(self.settings, self.client, self.embeddings, found)}
        self._opened[key].found = found
        return self._opened[key]


def _condition(where: Where | None) -> dict[str, Any] | None:
    """A filter in Chroma's words: one operator in each dict."""
    terms = [{field: {"$in": list(values)}} for field, values in (where or {}).items()]
    return {"$and": terms} if len(terms) > 1 else terms[0] if terms else None
