"""From a QueryRequest to a QueryResponse."""

from collections.abc import Iterator
from typing import cast

from lab.observe.metrics import Metrics
from lab.rag.answer import Answer
from lab.rag.pipeline import Rag
from lab.rag.search import Found
from lab.service.models import QueryRequest, QueryResponse, SearchResult

Step = list[SearchResult] | str | QueryResponse


def steps(rag: Rag, asked: QueryRequest, metrics: Metrics | None = None) -> Iterator[Step]:
    """What was found, the model's words as they come (a draft), and last the checked answer."""
    for step in counted(rag.steps(asked.query, asked.filters, asked.top_k), metrics):
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


def counted(made: Iterator[Found | str | Answer], metrics: Metrics | None) -> Iterator[Found | str | Answer]:
    """The same steps; the answer's state and its tokens are counted when it is there."""
    for step in made:
        if isinstance(step, Found):
            found = step
        elif isinstance(step, Answer) and metrics:
            metrics.rag.answers.labels(step.state).inc()
            for kind, number in found.trace.tokens.items():
                metrics.rag.tokens.labels(kind).inc(number)
        yield step
