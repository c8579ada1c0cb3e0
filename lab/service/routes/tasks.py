"""Tasks: issue, look, take back. Plain functions, which FastAPI runs in threads: a Redis that is away stops nobody else."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response

from lab.service.indexing import refuse_twice
from lab.service.models.problem import Problem
from lab.service.models.query import QueryRequest
from lab.service.models.tasks import BatchIssued, BatchRequest, TaskIssued, TaskStatus
from lab.service.routes.depends import Caller
from lab.service.tasks.queue import TaskQueue

AWAY: dict[int | str, dict[str, Any]] = {503: {"model": Problem, "description": "The task queue is away, full, or switched off."}}
UNKNOWN: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "No task of yours has this id; results are kept for a day."}
}


# async as in depends.py: nothing is awaited, and a thread would cost more
async def _queue(request: Request) -> TaskQueue:
    queue: TaskQueue = request.app.state.queue
    return queue


async def _owner(caller: Caller) -> str:
    return caller or "everybody"  # without keys, all callers are one


router = APIRouter(tags=["tasks"])
Queue = Annotated[TaskQueue, Depends(_queue)]
Owner = Annotated[str, Depends(_owner)]
TaskId = Annotated[str, Path(max_length=64, description="as /query_async or /batch_index gave it")]


@router.post("/query_async", status_code=202, responses=AWAY)
def query_async(body: QueryRequest, response: Response, queue: Queue, owner: Owner) -> TaskIssued:
    """Have a question answered by a worker. The answer is at the address in `Location`; `stream` has no effect here."""
    issued = queue.ask(owner, body)
    response.headers["Location"] = f"/task_status/{issued.task_id}"
    return issued


@router.post("/batch_index", status_code=202, responses=AWAY)
def batch_index(body: BatchRequest, response: Response, queue: Queue, owner: Owner) -> BatchIssued:
    """Have documents indexed by workers. `task_id` tells how all of them stand."""
    refuse_twice(body.documents)
    issued = queue.index(owner, body.documents, body.collection_name)
    response.headers["Location"] = f"/task_status/{issued.task_id}"
    return issued


@router.get("/task_status/{task_id}", responses=AWAY | UNKNOWN)
def task_status(task_id: TaskId, queue: Queue, owner: Owner) -> TaskStatus:
    """How a task or a batch stands."""
    return known(queue.status(owner, task_id))


@router.delete("/task_status/{task_id}", responses=AWAY | UNKNOWN)
def cancel_task(task_id: TaskId, queue: Queue, owner: Owner) -> TaskStatus:
    """Take a task or a batch back: what waits is dropped, what runs is ended, what has ended stays."""
    return known(queue.cancel(owner, task_id))


def known(found: TaskStatus | None) -> TaskStatus:
    """A task that is there; another owner's is not there either, so that ids tell nothing."""
    if found is None:
        raise HTTPException(404, "No task of yours has this id, or its result has expired.")
    return found
