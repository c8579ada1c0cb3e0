"""What the tasks do: the same as /index and /query, with plain JSON in and out."""

from typing import Any

from lab.observe.current import current
from lab.service.answering import answer as answer_with
from lab.service.indexing import index as index_with
from lab.service.models import Document, QueryRequest
from lab.service.tasks.pipeline import own_pipelines


def index(documents: list[dict[str, Any]], collection: str | None) -> dict[str, Any]:
    """Index documents; those that cannot be used are told, the others are stored."""
    checked = [Document.model_validate(one) for one in documents]
    with own_pipelines().borrow(collection) as rag:
        return index_with(rag, checked).model_dump(mode="json")


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Answer a question."""
    asked = QueryRequest.model_validate(request)
    with current().rag.query(), own_pipelines().borrow(asked.collection_name) as rag:
        return answer_with(rag, asked).model_dump(mode="json")
