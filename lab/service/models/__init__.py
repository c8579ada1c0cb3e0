"""What the API reads and answers. FastAPI documents these at /docs."""

from lab.service.models.documents import (
    MOST_CHARACTERS,
    MOST_DOCUMENTS,
    Deleted,
    Document,
    DocumentProblem,
    Documents,
    Indexed,
    IndexRequest,
    ListedDocument,
)
from lab.service.models.probes import Check, Health, Readiness
from lab.service.models.problem import Problem
from lab.service.models.query import QueryRequest, QueryResponse, SearchResult
from lab.service.models.rag import Answered, Ingested, Question, Source, Text
from lab.service.models.words import CollectionName, Line, Words

__all__ = [
    "MOST_CHARACTERS",
    "MOST_DOCUMENTS",
    "Answered",
    "Check",
    "CollectionName",
    "Deleted",
    "Document",
    "DocumentProblem",
    "Documents",
    "Health",
    "IndexRequest",
    "Indexed",
    "Ingested",
    "Line",
    "ListedDocument",
    "Problem",
    "QueryRequest",
    "QueryResponse",
    "Question",
    "Readiness",
    "SearchResult",
    "Source",
    "Text",
    "Words",
]
