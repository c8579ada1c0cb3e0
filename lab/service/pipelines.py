"""Pipelines for requests that come at the same time: each has one to itself, because a pipeline remembers vectors between calls."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, LifoQueue

from lab.errors import ServiceError
from lab.rag.pipeline import Rag
from lab.settings import Settings

MOST = 4  # the model server writes one answer at a time; more would only wait there instead of here
Open = Callable[[Settings], Rag]


class Busy(ServiceError):
    """All pipelines were in use for as long as a request may take."""


class Pipelines:
    """Lends pipelines. They connect at first use, so they can be made while Chroma or Ollama are away."""

    def __init__(self, settings: Settings, open_rag: Open):
        self.settings = settings
        self._open = open_rag
        self._free: LifoQueue[Rag | None] = LifoQueue()  # the last one used comes first: its connections and its memory are warm
        for _ in range(MOST):
            self._free.put(None)

    @contextmanager
    def borrow(self) -> Iterator[Rag]:
        """A pipeline of one's own for a while. One that met a failing service is not used again. Raises Busy."""
        rag = self._next()
        kept: Rag | None = None
        try:
            rag = rag or self._open(self.settings)
            yield rag
            kept = rag
        except ServiceError:
            raise
        except Exception:
            kept = rag
            raise
        finally:
            self._free.put(kept)

    def _next(self) -> Rag | None:
        try:
            return self._free.get(timeout=self.settings.request_timeout)
        except Empty:
            raise Busy("Too many questions at once.", "Ask again later.") from None
