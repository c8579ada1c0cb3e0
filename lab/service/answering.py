"""From a QueryRequest to a QueryResponse."""

from collections.abc import Iterator
from typing import cast

from lab.observe.current import current
from lab.rag.answer import Answer
from lab.rag.pipeline import Rag
from lab.rag.search import Filter, Found
from lab.service.models import QueryRequest, QueryResponse, SearchResult
from lab.service.way import Way

Step = list[SearchResult] | str | QueryResponse


def steps(rag: Rag, asked: QueryRequest) -> Iterator[Step]:
    """What was found, the model's words as they come (a draft), and last the checked answer."""
    for step in measured(rag, asked.query, asked.filters, asked.top_k):
        if isinstance(step, Found):
            found = step
            yield [SearchResult.of(hit) for hit in found.hits]
        elif isinstance(step, Answer):
            yield QueryResponse.of(found, step)
        else:
            yield step


def answer(rag: Rag, asked: QueryRequest) -> QueryResponse:
    """The checked answer, for callers that wait for it in a thread or a process of their own."""
    *_, last = steps(rag, asked)
    return cast(QueryResponse, last)


def measured(rag: Rag, question: str, where: Filter | None = None, k: int | None = None) -> Iterator[Found | str | Answer]:
    """The pipeline's steps; what they tell is counted, however they end."""
    way = Way(current().rag)
    try:
        for step in rag.steps(question, where, k, way.clock):
            way.see(step)
            yield step
    except BaseException as error:
        way.end(error)
        raise
    way.end()
