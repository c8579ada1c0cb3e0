"""Servers of a lesson's own: one of each kind for a lesson, which ends with the notebook's kernel, however that ends.

What a server held goes with it; what a killed kernel could not remove, the next start removes.
"""

import atexit
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from lab.containers import workspace


class Server(Protocol):
    """What can be started and stopped, and keeps its data in a folder."""

    folder: Path

    def start(self) -> Any:
        """Returns when it answers. Raises ServiceError."""

    def stop(self) -> None:
        """Lets it end."""


Kind = TypeVar("Kind", bound=Server)


class OwnServers(Generic[Kind]):
    """The servers of one kind that this process runs, by lesson."""

    def __init__(self, name: str):
        self.name = name
        self._running: dict[str, Kind] = {}
        atexit.register(self._stop_all)

    def start(self, lesson: str, make: Callable[[Path], Kind]) -> Kind:
        """A new server, made for a folder of its own; the one before is stopped. Raises ServiceError."""
        self.stop(lesson)
        remove_remains(workspace(lesson), f"{self.name}-")
        server = make(workspace(lesson) / f"{self.name}-{os.getpid()}")
        server.start()
        self._running[lesson] = server
        return server

    def stop(self, lesson: str) -> None:
        """Stops the lesson's server and removes its data; nothing happens when none runs."""
        server = self._running.pop(lesson, None)
        if server:
            server.stop()
            shutil.rmtree(server.folder, ignore_errors=True)

    def _stop_all(self) -> None:
        for lesson in list(self._running):
            self.stop(lesson)


def remove_remains(folder: Path, prefix: str) -> None:
    """Removes the folders `prefix` + process id of processes that have ended."""
    for left in folder.glob(f"{prefix}*"):
        if not _runs(int(left.name.removeprefix(prefix))):
            shutil.rmtree(left, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
