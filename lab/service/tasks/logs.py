"""A worker's log: JSON like the API's, and with the id of the call that issued a task.

Celery's own line about a task that succeeded repeats what it returned, which may be anybody's answer; one line here takes its place.
Its lines about a task that was received, or failed, carry the task's arguments as a field, which hold the question: that is taken off.
"""

import logging
import time
from typing import Any

from celery import signals

from lab.observe import log as observe
from lab.service.tasks import measure

log = logging.getLogger("lab.worker")
_began: dict[str, float] = {}  # by task; a process has one at a time
_noted: dict[str, Any] = {}  # of that one: model, times, tokens


def connect() -> None:
    """Have this process, and those that it forks, log in this way."""
    signals.setup_logging.connect(_configure, weak=False)
    signals.task_prerun.connect(_begin, weak=False)
    signals.task_postrun.connect(_end, weak=False)


def _configure(**_: Any) -> None:
    observe.configure()
    logging.getLogger("celery").setLevel(logging.INFO)
    logging.getLogger("celery.app.trace").setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(without_arguments)


def without_arguments(record: logging.LogRecord) -> bool:
    """A filter that lets every line pass, Celery's without its field `data`.

    That the API hides them when it sends a task is not enough: Celery forgets it when it sends a further attempt.
    """
    if record.name.startswith("celery."):
        record.__dict__.pop("data", None)
    return True


def _begin(task_id: str, task: Any, **_: Any) -> None:
    global _noted
    _noted = observe.open_request(task.request.get("request_id") or "")
    _began[task_id] = time.perf_counter()


def _end(task_id: str, task: Any, state: str | None = None, **_: Any) -> None:
    seconds = round(time.perf_counter() - _began.pop(task_id, time.perf_counter()), 3)
    measure.took(task.name, seconds)
    fields = {"task_id": task_id, "task": task.name, "state": state, "seconds": seconds, "attempt": task.request.retries + 1}
    log.info("task", extra={**_noted, **fields})
    observe.request_id.set("")
