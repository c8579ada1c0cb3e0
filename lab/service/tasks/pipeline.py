"""The pipeline of a worker process: opened once, not for each task."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lab.errors import ServiceError
from lab.rag.pipeline import Rag
from lab.settings import Settings, get_settings

Open = Callable[[Settings], Rag]
_open: Open = Rag.open
_own: dict[int, Rag] = {}  # by process: a child of a fork must not use its parent's connections


@contextmanager
def borrow() -> Iterator[Rag]:
    """The process's pipeline. One that met a failing service is not used again: its connections may be broken."""
    process = os.getpid()
    if process not in _own:
        _own[process] = _open(get_settings())
    try:
        yield _own[process]
    except ServiceError:
        _own.pop(process, None)
        raise


def open_with(function: Open) -> None:
    """Open pipelines in another way from now on, as tests do."""
    global _open
    _open = function
