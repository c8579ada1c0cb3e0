"""The logs of the lab's containers, through the Docker Engine: on the machine itself and inside JupyterLab's container alike."""

import threading
from collections.abc import Iterator
from queue import Queue
from typing import TYPE_CHECKING

from lab.errors import InputError
from lab.settings import Settings
from lab.stack.project import last_lines, read_containers, runs

if TYPE_CHECKING:
    from docker.models.containers import Container


def named(settings: Settings, service: str | None) -> "dict[str, Container]":
    """The container of one service, or of all. Raises InputError for a name that is none."""
    parts = read_containers(settings)
    if service and service not in parts:
        known = f"Services are {', '.join(sorted(parts))}." if parts else "No container of the lab is there; `lab up` makes them."
        raise InputError(f"There is no service {service} in the place compose.", known)
    return {service: parts[service]} if service else parts


def newest(parts: "dict[str, Container]", count: int) -> Iterator[tuple[str, str]]:
    """Pairs of service and line, the newest `count` of each service."""
    for name, container in parts.items():
        yield from ((name, line) for line in last_lines(container, count))


def follow(parts: "dict[str, Container]") -> Iterator[tuple[str, str]]:
    """Pairs of service and line as they are written; ends when no container runs any more."""
    lines: Queue[tuple[str, str] | None] = Queue()
    running = [(name, container) for name, container in parts.items() if runs(container)]
    for name, container in running:
        threading.Thread(target=_pump, args=(name, container, lines), daemon=True).start()
    for _ in running:
        while (pair := lines.get()) is not None:
            yield pair


def _pump(name: str, container: "Container", lines: "Queue[tuple[str, str] | None]") -> None:
    """The stream comes in pieces that are neither lines nor whole characters."""
    rest = b""
    try:
        for piece in container.logs(stream=True, follow=True, tail=0):
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                lines.put((name, line.decode("utf-8", "replace").rstrip("\r")))
        if rest:
            lines.put((name, rest.decode("utf-8", "replace")))
    finally:
        lines.put(None)
