"""Documents for the index, and what became of them."""

from collections import Counter
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from lab.rag.answer import IngestReport
from lab.rag.catalogue import Entry
from lab.service.models.examples import BLANK, DOCUMENT, LISTED, shown
from lab.service.models.words import CollectionName, FieldName, Line, Value, Words

MOST_DOCUMENTS = 100  # in one call of /index, which answers when all is stored; more go to /batch_index
MOST_CHARACTERS = 500_000  # of all their texts: about 700 chunks, ten seconds on two cores
MOST_FIELDS = 32  # of one document's metadata
Metadata = Annotated[dict[FieldName, Value], Field(max_length=MOST_FIELDS)]


class Document(BaseModel):
    """A document. The same `id` again replaces it."""

    model_config = shown(DOCUMENT, strict=True)

    id: Line = Field(description="one line; shown with answers as their source")
    text: Words = Field(description="Markdown when the id ends in .md, else plain text")
    metadata: Metadata = Field({}, description="Flat: texts, numbers, true and false. Answers show it, and questions can filter by it.")


class IndexRequest(BaseModel):
    """Documents for one collection, which is made when it is not there."""

    model_config = shown({"documents": [DOCUMENT], "collection_name": "manuals"}, strict=True)

    documents: Annotated[list[Document], Field(min_length=1)]
    collection_name: CollectionName | None = Field(None, description="without it, the collection of the settings")


class DocumentProblem(BaseModel):
    """A document that could not be used, and why. The others of its request were stored all the same."""

    model_config = shown(BLANK)

    id: str
    what: str


class Indexed(BaseModel):
    """What the index holds now of the documents that were sent."""

    model_config = shown({"status": "partial", "indexed": 1, "documents": 1, "problems": [BLANK]})

    status: Literal["success", "partial"] = Field(description="partial: some documents have problems")
    indexed: int = Field(ge=0, description="chunks of these documents that are stored now, counted in the store")
    documents: int = Field(ge=0, description="documents that are stored now")
    problems: list[DocumentProblem] = []

    @classmethod
    def of(cls, report: IngestReport, chunks: Counter[tuple[str, str]]) -> "Indexed":
        """From the report of an ingest, and the chunks that the store has of each document."""
        problems = [DocumentProblem(id=one.document, what=one.what) for one in report.problems]
        return cls(status="partial" if problems else "success", indexed=chunks.total(), documents=len(+chunks), problems=problems)


class ListedDocument(BaseModel):
    """A document of the index."""

    model_config = shown(LISTED)

    id: str
    folder: str = Field(description="where it came from: `(texts)` over this API, else the folder that was ingested")
    title: str
    chunks: int = Field(ge=0)
    metadata: dict[str, Value] = {}

    @classmethod
    def of(cls, entry: Entry) -> "ListedDocument":
        """From an entry of the catalogue."""
        return cls(id=entry.source, folder=entry.folder, title=entry.title, chunks=entry.chunks, metadata=dict(entry.own))


class Documents(BaseModel):
    """One page of the index's documents, in the order of folder and id."""

    model_config = shown({"documents": [LISTED], "next": "WyIodGV4dHMpIiwgInBvcnRzLm1kIl0="})

    documents: list[ListedDocument]
    next: str | None = Field(None, description="give it as `cursor` for the next page; null: this was the last")


class Deleted(BaseModel):
    """What was deleted."""

    model_config = shown({"status": "success", "id": "ports.md", "chunks": 1})

    status: Literal["success"] = "success"
    id: str
    chunks: int = Field(ge=1)
