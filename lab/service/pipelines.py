"""Pipelines for requests that come at the same time: each has one to itself, because a pipeline remembers vectors between calls."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from lab.errors import ServiceError
from lab.rag.pipeline import Rag
from lab.settings import Settings

COLLECTIONS = 8  # whose pipelines are kept: each holds the words of its collection in memory
Open = Callable[[Settings], Rag]


class Pipelines:
    """Lends pipelines. They connect at first use, so they can be made while Chroma or Ollama are away.

    How many are lent at once is the gate's business (`lab.service.gate`); no call here waits.
    """

    def __init__(self, settings: Settings, open_rag: Open):
        self.settings = settings
        self._open = open_rag
        self._lock = Lock()
        self._idle: OrderedDict[str, list[Rag]] = OrderedDict()  # by collection; the one used last comes last

    @contextmanager
    def borrow(self, collection: str | None = None) -> Iterator[Rag]:
        """A pipeline of one's own for a while, over COLLECTION or another collection."""
        name = collection or self.settings.collection
        rag = self._take(name) or self._open(self._settings_of(name))
        try:
            yield rag
        except ServiceError:
            self.forget()
            raise
        except BaseException:
            self._give(name, rag)
            raise
        self._give(name, rag)

    def forget(self) -> None:
        """Lend no old pipeline again. After a service has failed, the connections of all of them may be broken."""
        with self._lock:
            self._idle.clear()

    def _settings_of(self, name: str) -> Settings:
        return self.settings if name == self.settings.collection else self.settings.model_copy(update={"collection": name})

    def _take(self, name: str) -> Rag | None:
        with self._lock:
            idle = self._idle.get(name)
            return idle.pop() if idle else None  # the last one: its connections and its memory are warm

    def _give(self, name: str, rag: Rag) -> None:
        with self._lock:
            self._idle.setdefault(name, []).append(rag)
            self._idle.move_to_end(name)
            while len(self._idle) > COLLECTIONS:
                self._idle.popitem(last=False)
