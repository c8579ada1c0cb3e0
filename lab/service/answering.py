"""From a QueryRequest to a QueryResponse: on the event loop, so that a client that has gone ends the work for it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

from fastapi.concurrency import contextmanager_in_threadpool

from lab.rag.answer import Answer
from lab.rag.pipeline import Rag
from lab.rag.search import Found
from lab.service.models import QueryRequest, QueryResponse, SearchResult
from lab.service.pipelines import Pipelines

Step = list[SearchResult] | str | QueryResponse


class Answering:
    """Answers questions with a borrowed pipeline."""

    def __init__(self, pipelines: Pipelines):
        self.pipelines = pipelines

    async def answer(self, asked: QueryRequest) -> QueryResponse:
        """The checked answer. Whoever cancels this ends the generation in the model server."""
        async with aclosing(self.steps(asked)) as steps:
            *_, last = [step async for step in steps]
        return cast(QueryResponse, last)

    async def steps(self, asked: QueryRequest) -> AsyncGenerator[Step, None]:
        """What was found, the model's words as they come (a draft), and last the checked answer."""
        found: Found | None = None
        async with contextmanager_in_threadpool(self.pipelines.borrow()) as rag:
            async with aclosing(rag.at(asked.collection_name).asteps(asked.query, asked.filters, asked.top_k)) as steps:
                async for step in steps:
                    if isinstance(step, Found):
                        found = step
                        yield [SearchResult.of(hit) for hit in step.hits]
                    elif isinstance(step, Answer):
                        yield QueryResponse.of(found.hits if found else [], step)
                    else:
                        yield step


def answer_with(rag: Rag, asked: QueryRequest) -> QueryResponse:
    """The same in a worker of the queue, which has a pipeline of its own and no event loop."""
    found, *_, answer = rag.at(asked.collection_name).steps(asked.query, asked.filters, asked.top_k)
    return QueryResponse.of(cast(Found, found).hits, cast(Answer, answer))
