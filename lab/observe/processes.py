"""Counts of several processes as one: each writes a file in the folder PROMETHEUS_MULTIPROC_DIR, and a scrape adds them up.

Without that variable, a process counts for itself. With several processes behind one port, a scrape would then hit one of them
at random. prometheus_client looks at the variable when it is first imported, so it is not imported here at the top.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

import psutil
from filelock import FileLock

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
OWNER = "owner"  # the file that says for which run the folder was emptied


def folder() -> Path | None:
    """Where the processes write; None when each counts for itself."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def begin(parent: int) -> None:
    """Empty the folder, once for all processes of one parent: what an earlier run counted is not this one's."""
    if not (place := folder()):
        return
    place.mkdir(parents=True, exist_ok=True)
    owner = f"{parent} {_started(parent)}"
    with FileLock(place / "lock"):
        if not (place / OWNER).exists() or (place / OWNER).read_text("utf-8") != owner:
            for file in place.glob("*.db"):
                file.unlink(missing_ok=True)
            (place / OWNER).write_text(owner, "utf-8")


def begin_family(base: Path, name: str) -> None:
    """Give this process, and those it will fork, a folder of their own below `base`. Before prometheus_client is imported."""
    base = folder() or base
    for place in base.glob(f"{name}-*"):
        if not _lives(place.name.rpartition("-")[2]):
            rmtree(place, ignore_errors=True)
    os.environ[VARIABLE] = str(base / f"{name}-{os.getpid()}")
    begin(os.getpid())


class AllProcesses:
    """What all processes counted, read at each scrape. Gauges of those that have died are left out."""

    def collect(self) -> "Iterator[Metric]":
        """For a registry of prometheus_client."""
        from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

        place = str(folder())
        for process in {file.stem.rpartition("_")[2] for file in Path(place).glob("gauge_live*.db")}:
            if not _lives(process):
                mark_process_dead(int(process), place)
        yield from MultiProcessCollector(None, place).collect()


def _lives(process: str) -> bool:
    try:
        return process.isdigit() and psutil.Process(int(process)).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _started(process: int) -> float:
    try:
        return float(psutil.Process(process).create_time())
    except psutil.Error:
        return 0.0
