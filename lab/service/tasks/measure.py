"""What a worker counts: its tasks, and all that they do. Its processes write into one folder, its main process shows the sum."""

import logging

from lab.observe import processes
from lab.observe.current import current, of_process
from lab.settings import Settings

log = logging.getLogger("lab.worker")
_end = ""  # how the attempt at hand ended; a process makes one at a time


def begin(settings: Settings) -> None:
    """In the main process, before anything is counted."""
    processes.begin_family(settings.lab_home / "metrics", "worker")


def show(settings: Settings) -> None:
    """Serve them on WORKER_METRICS_PORT: to this machine, and in a container to its network. A worker works without them too."""
    from lab.observe.serve import serve

    host = "0.0.0.0" if settings.lab_place == "compose" else "127.0.0.1"
    try:
        serve(of_process().scraped, host, settings.worker_metrics_port)
    except OSError:
        log.warning("port %d is taken: this worker shows no metrics", settings.worker_metrics_port)


def ended(task: str, outcome: str) -> None:
    """Count the end of an attempt: completed, failed (what it was given is wrong), retried, dead (given up) or cancelled."""
    global _end
    _end = outcome
    current().tasks.labels(short(task), outcome).inc()


def took(task: str, seconds: float) -> None:
    """Observe how long an attempt took, if it is one that counts: a task that has ended before is begun and left out."""
    global _end
    if _end:
        current().task_seconds.labels(short(task), _end).observe(seconds)
        _end = ""


def short(task: str) -> str:
    """A task's name without the app's."""
    return task.rpartition(".")[2]
