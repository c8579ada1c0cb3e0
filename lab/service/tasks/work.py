"""What the tasks do: the same functions as behind /index and /query, with plain JSON in and out."""

from typing import Any

from lab.service.models.documents import Document
from lab.service.models.query import QueryRequest
from lab.service.tasks.pipeline import borrow


def index(documents: list[dict[str, Any]], collection: str | None) -> dict[str, Any]:
    """Index documents; those that cannot be used are told, the others are stored."""
    checked = [Document.model_validate(one) for one in documents]
    with borrow() as rag:
        reports = [rag.ingest_text(one.text, one.id) for one in checked]
    return {"status": "success", "documents": len(reports), "indexed": sum(one.chunks for one in reports), "problems": []}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Answer a question."""
    checked = QueryRequest.model_validate(request)
    with borrow() as rag:
        told = rag.ask(checked.query)
    return {"answer": told.answer, "state": told.state, "sources": [], "processing_time": 0, "timings": told.timings}
