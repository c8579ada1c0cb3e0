"""Batches of texts to vectors: several requests at once, tried again when the server was busy, blamed on the text that is at fault.

A server that is away is an error of the whole ingest. A server that answers, and refuses these texts, is asked for each of
them alone: the others get their vectors, and what was refused is told by document.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

import ollama
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from lab.errors import LabError, ServiceError
from lab.rag.embed import Embedder

# Requests at once: while the server works on one, the next is there already, and this process reads the answer before it.
# More only wait in the server's queue: see `make bench` and lesson 08.
REQUESTS = 2
TRIES = 4  # of one request, when the failure may pass
LONGEST_WAIT = 4.0  # seconds between two tries


@dataclass(frozen=True)
class Refused:
    """The server answered, again and again, that it does not embed this text."""

    why: str


Result = list[float] | Refused | None  # None: the text is longer than the model reads


class Requests:
    """Requests that are under way, answered in the order in which they were made."""

    def __init__(self, embedder: Embedder, at_once: int = REQUESTS):
        self.embedder = embedder
        self.at_once = at_once
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="embed")
        self._flying: deque[tuple[list[str], Future[list[Result]]]] = deque()

    def __enter__(self) -> "Requests":
        return self

    def __exit__(self, *exc: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def room(self) -> bool:
        """True while another request may be made."""
        return len(self._flying) < self.at_once

    @property
    def under_way(self) -> bool:
        """True while an answer is to come."""
        return bool(self._flying)

    def ask(self, texts: list[str]) -> None:
        """Send these texts."""
        self._flying.append((texts, self._pool.submit(copy_context().run, vectors, self.embedder, texts)))

    def answer(self) -> list[Result]:
        """What came back of the oldest request. Raises ServiceError when the server is away or refuses everything."""
        _, future = self._flying.popleft()
        return future.result()


def vectors(embedder: Embedder, texts: list[str]) -> list[Result]:
    """One result per text. Raises LabError when no text of several can be embedded, or the server does not answer."""
    try:
        return list(_patiently(embedder, texts))
    except ServiceError as error:
        if not _answered(error):
            raise
        if len(texts) == 1:
            return [Refused(error.what)]
        results = list(_one_by_one(embedder, texts))
        if all(isinstance(result, Refused) for result in results):
            raise
        return results


def _patiently(embedder: Embedder, texts: list[str]) -> list[list[float] | None]:
    """Ask again, after a pause that grows, while the failure may pass. The last failure is raised as it is."""
    tries = Retrying(
        retry=retry_if_exception(_may_pass),
        stop=stop_after_attempt(TRIES),
        wait=wait_random_exponential(multiplier=0.25, max=LONGEST_WAIT),
        reraise=True,
    )
    return tries(embedder.batch, texts)


def _one_by_one(embedder: Embedder, texts: list[str]) -> Iterator[Result]:
    for text in texts:
        try:
            yield from embedder.batch([text])
        except ServiceError as error:
            if not _answered(error):
                raise
            yield Refused(error.what)


def _answered(error: LabError) -> bool:
    return isinstance(error.__cause__, ollama.ResponseError)


def _may_pass(error: BaseException) -> bool:
    """Also a server that is away: it may be starting again. Not what it says about the request itself."""
    cause = error.__cause__
    return isinstance(error, ServiceError) and not (isinstance(cause, ollama.ResponseError) and cause.status_code < 500)
