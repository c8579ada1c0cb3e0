"""Work that is done ahead of who needs it: in a thread, behind a queue that never holds more than it has room for."""

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, Full, Queue
from typing import Any, Generic, TypeVar

T = TypeVar("T")
LOOK = 0.1  # seconds after which a thread that waits for room looks whether it is still needed
END = object()


class Ahead(Generic[T]):
    """Iterates in a thread over `items` and hands them on in order. `with` ends the thread, whatever happens."""

    def __init__(self, items: Iterable[T], room: int):
        self._items = items
        self._queue: Queue[Any] = Queue(room)
        self._ended = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="ahead", daemon=True)

    def __enter__(self) -> "Ahead[T]":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended.set()
        self._thread.join()

    def __iter__(self) -> Iterator[T]:
        """The items. Raises what their making raised, after the items before it."""
        while (item := self._queue.get()) is not END:
            yield item
        if self._error:
            raise self._error

    def _run(self) -> None:
        try:
            for item in self._items:
                if not self._put(item):
                    return
        except BaseException as error:  # raised again where the items are used
            self._error = error
        self._put(END)

    def _put(self, item: Any) -> bool:
        while not self._ended.is_set():
            try:
                self._queue.put(item, timeout=LOOK)
            except Full:
                continue
            return True
        return False


class Behind(Generic[T]):
    """Hands what it is given to `work` in a thread, everything that waits at once. `give` waits while there is no room."""

    def __init__(self, work: Callable[[list[T]], None], room: int):
        self._work = work
        self._queue: Queue[Any] = Queue(room)
        self._error: BaseException | None = None
        self._failed = threading.Event()
        self._dropped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="behind", daemon=True)

    def __enter__(self) -> "Behind[T]":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc: object) -> None:
        """Without an error everything that was given is worked off first; with one, only what is in work."""
        if kind is not None:
            self._dropped.set()
        self._put(END)
        self._thread.join()
        if kind is None and self._error:
            raise self._error

    def give(self, items: list[T]) -> None:
        """Raises what `work` met with earlier items."""
        if items:
            self._put(items)
        if self._error:
            raise self._error

    def _put(self, item: Any) -> None:
        while not self._failed.is_set():
            try:
                self._queue.put(item, timeout=LOOK)
            except Full:
                continue
            return

    def _run(self) -> None:
        try:
            while not self._dropped.is_set() and (items := self._waiting()):
                self._work(items)
        except BaseException as error:  # raised again in `give` or at the end
            self._error = error
        self._failed.set()

    def _waiting(self) -> list[T]:
        """Everything that waits; nothing when the end was reached."""
        item = self._queue.get()
        found: list[T] = []
        while item is not END:
            found += item
            try:
                item = self._queue.get_nowait()
            except Empty:
                return found
        if found:
            self._queue.put(END)
        return found
