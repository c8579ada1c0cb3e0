"""How tasks stand, from the book and from Celery's results."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from lab.service.models.tasks import BatchResult, Progress, TaskStatus
from lab.service.tasks.records import Record, State

Read = tuple[Record | None, Any]  # a record, and what its task returned


def of_task(record: Record, result: Any) -> TaskStatus:
    """How one task stands."""
    state = record.state(result is not None)
    return TaskStatus(
        task_id=record.id,
        status=state,
        progress=Progress(done=_done(record, state), total=record.size),
        result=result if state == "completed" else None,
        error=record.error or None,
    )


def of_batch(batch: Record, members: Sequence[Read]) -> TaskStatus:
    """How a batch stands: one word for all of it, and what its parts brought so far."""
    there = [(record, record.state(result is not None), result) for record, result in members if record]
    counts = Counter(state for _, state, _ in there)
    results = [result for _, state, result in there if state == "completed" and result]
    total = BatchResult(
        documents=sum(one["documents"] for one in results),
        indexed=sum(one["indexed"] for one in results),
        problems=[problem for one in results for problem in one["problems"]],
        counts=dict(counts),
    )
    errors = list(dict.fromkeys(record.error for record, state, _ in there if state == "failed"))
    done = min(sum(_done(record, state) for record, state, _ in there), batch.size)
    return TaskStatus(
        task_id=batch.id,
        status=overall(counts),
        progress=Progress(done=done, total=batch.size),
        result=total,
        error=" ".join(errors) or None,
    )


def overall(counts: Counter[State]) -> State:
    """One word for many tasks: as long as one is open it runs, and it is completed only when all of them are."""
    if counts["running"] or counts["retrying"] or (counts["queued"] and len(+counts) > 1):
        return "running"
    for state in ("queued", "failed", "cancelled"):
        if counts[state]:
            return state
    return "completed"


def _done(record: Record, state: State) -> int:
    """Documents or questions that are done: those of a task all at once, when it is."""
    return record.size if state == "completed" else 0
