"""A worker of the queue: `python -m lab.service.tasks`. It ends after its running tasks when it is told to (SIGTERM)."""

import sys

from lab.service.tasks import logs, measure
from lab.service.tasks.app import celery_app
from lab.service.tasks.setup import QUEUES
from lab.service.tasks.steps import Beating, Sweeping
from lab.settings import get_settings


def main(arguments: list[str] | None = None) -> None:
    """Start a worker; further arguments are Celery's own."""
    measure.begin(get_settings())
    load()
    logs.connect()
    measure.show(get_settings())
    celery_app.steps["consumer"] |= {Beating, Sweeping}
    # On a Mac a process that was forked may not use the system's libraries: there, one task at a time, in the main process.
    pool = "solo" if sys.platform == "darwin" else "prefork"
    queues = ",".join(sorted(set(QUEUES.values())))
    celery_app.worker_main(
        ["--quiet", "worker", "--pool", pool, "--queues", queues, "--without-gossip", "--without-mingle", *(arguments or [])]
    )


def load() -> None:
    """Import what is slow before processes are forked: a process that died has its successor at once. Opens no connection."""
    from lab.rag.connections import load_libraries

    load_libraries()


if __name__ == "__main__":
    main(sys.argv[1:])
