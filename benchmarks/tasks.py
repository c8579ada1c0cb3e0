"""What the task queue costs: issuing a task, its way to a worker and back, and how many a worker does in a second."""

import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import Row, median_ratio, seconds, spread, take_turns
from lab.redis_server import RedisServer
from lab.service.models import QueryRequest
from lab.service.tasks.celery_queue import CeleryQueue
from lab.settings import Settings, load_settings
from lab.tied import Tied

ROUNDS = 60  # single tasks
BURST = 100  # tasks sent at once
WAITING = 0.05  # seconds for which a task of a burst waits, as for a model server
PATIENCE = 120  # seconds
# A worker whose question answers itself: what is left is the queue's own time.
NO_WORK = """
import sys, time
from lab.service.tasks import __main__ as worker, work
answered = {"answer": "", "state": "quoted", "sources": [], "processing_time": 0, "timings": {}}
work.answer = lambda request: time.sleep(float(request["query"])) or answered
worker.load = lambda: None
worker.main(sys.argv[1:])
"""


@contextlib.contextmanager
def own_queue() -> Iterator[tuple[CeleryQueue, Settings]]:
    """A queue on a Redis of its own, without workers."""
    with tempfile.TemporaryDirectory() as folder, RedisServer(Path(folder) / "redis") as redis:
        settings = load_settings(redis_url=redis.url, lab_home=Path(folder))
        yield CeleryQueue(settings), settings


@contextlib.contextmanager
def worker(settings: Settings, number: int) -> Iterator[None]:
    """A worker with one process, until the end of the block."""
    env = {**os.environ, "REDIS_URL": settings.redis_url, "LAB_HOME": str(settings.lab_home), "WORKER_CONCURRENCY": "1"}
    command = [sys.executable, "-c", NO_WORK, f"--hostname=w{number}@bench"]
    process = Tied(command, settings.lab_home / f"worker-{number}.log", env)
    try:
        beat = settings.lab_home / "workers" / str(process.pid)
        wait(beat.exists, "a worker to be ready")
        yield
    finally:
        process.stop(30)


def wait(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {PATIENCE} s for {what}")
        time.sleep(0.001)


def completed(queue: CeleryQueue, task_id: str) -> bool:
    status = queue.status("bench", task_id)
    return status is not None and status.status == "completed"


def ask(queue: CeleryQueue, pause: float = 0) -> str:
    return queue.ask("bench", QueryRequest.model_validate({"query": str(pause)})).task_id


def round_trip(queue: CeleryQueue) -> None:
    task_id = ask(queue)
    wait(lambda: completed(queue, task_id), "an answer")


def burst(queue: CeleryQueue, pause: float) -> float:
    """Seconds for many tasks that are sent at once."""

    def work() -> None:
        ids = [ask(queue, pause) for _ in range(BURST)]
        for task_id in ids:
            wait(lambda: completed(queue, task_id), "a burst to be done")  # noqa: B023  called in this turn of the loop

    return seconds(work)


def rows() -> Iterator[Row]:
    """One worker, then two."""
    with own_queue() as (queue, settings), worker(settings, 1):
        round_trip(queue)  # connections are made at first use
        issue, there_and_back = take_turns(lambda: seconds(lambda: ask(queue)), lambda: seconds(lambda: round_trip(queue)), rounds=ROUNDS)
        issue, there_and_back = ([1000 * one for one in figures] for figures in (issue, there_and_back))
        yield Row("tasks: issuing one", statistics.median(issue), 20, "at most", "ms", f"{spread(issue)} ms")
        note = f"issue, queue, worker, result, status: {spread(there_and_back)} ms; a direct call of no work costs none"
        yield Row("tasks: the queue's own time for one", statistics.median(there_and_back), 100, "at most", "ms", note)
        alone = [burst(queue, 0), *(burst(queue, WAITING) for _ in range(2))]
        with worker(settings, 2):
            both = [burst(queue, 0), *(burst(queue, WAITING) for _ in range(2))]
    note = f"without work: 1 worker {BURST / alone[0]:.0f} tasks/s, 2 workers {BURST / both[0]:.0f} tasks/s"
    ratio = median_ratio(alone[1:], both[1:])
    rates = f"tasks of {1000 * WAITING:.0f} ms: {BURST / min(alone[1:]):.0f} and {BURST / min(both[1:]):.0f} tasks/s"
    yield Row("tasks: 2 workers / 1 worker", ratio, 1.5, "at least", note=f"{rates}; {note}")
