"""The logs of the services: their last lines, and what is added while one watches."""

import time
from collections.abc import Iterator
from pathlib import Path

from lab.errors import InputError
from lab.settings import Settings
from lab.stack.process import POLL, tail
from lab.stack.services import NAMES


def log_files(settings: Settings, service: str | None = None) -> dict[str, Path]:
    """The log of one service, or of all. Raises InputError for a name that is no service."""
    if service and service not in NAMES:
        raise InputError(f"There is no service {service}.", f"Services are {', '.join(NAMES)}: `lab logs {NAMES[0]}`.")
    folder = settings.lab_home / "logs"
    return {name: folder / f"{name}.log" for name in ([service] if service else NAMES)}


def last_lines(files: dict[str, Path], count: int) -> Iterator[tuple[str, str]]:
    """Pairs of service and line, the newest `count` of each service."""
    for name, path in files.items():
        yield from ((name, line) for line in tail(path, count))


def follow(files: dict[str, Path]) -> Iterator[tuple[str, str]]:
    """Pairs of service and line as they are written, until the caller stops asking; goes on when a log is set aside."""
    positions = {name: _size(path) for name, path in files.items()}
    while True:
        for name, path in files.items():
            if _size(path) < positions[name]:
                positions[name] = 0  # a new file after a restart
            if _size(path) > positions[name]:
                for line in _new_lines(path, positions, name):
                    yield name, line
        time.sleep(POLL * 4)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _new_lines(path: Path, positions: dict[str, int], name: str) -> list[str]:
    with path.open("rb") as file:
        file.seek(positions[name])
        whole = file.read().rpartition(b"\n")[0]  # a line that is still being written waits for its end
    positions[name] += len(whole) + 1 if whole else 0
    return whole.decode("utf-8", "replace").splitlines()
