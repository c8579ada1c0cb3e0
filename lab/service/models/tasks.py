"""Tasks of the queue: what is sent to it, and how a task stands."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from lab.service.models.documents import Document
from lab.service.models.examples import BATCH, DOCUMENT, DONE, TASK, shown
from lab.service.models.query import QueryResponse
from lab.service.models.words import CollectionName

MOST_BATCHED = 1000  # documents in one call of /batch_index; the size of a request is limited besides
State = Literal["queued", "running", "retrying", "completed", "failed", "cancelled"]


class BatchRequest(BaseModel):
    """Documents to be indexed by workers. Every id may come once: of two with the same, nobody could say which stays."""

    model_config = shown({"documents": [DOCUMENT]}, strict=True)

    documents: Annotated[list[Document], Field(min_length=1, max_length=MOST_BATCHED)]
    collection_name: CollectionName | None = Field(None, description="without it, the collection of the settings")


class TaskIssued(BaseModel):
    """A task that waits for a worker. Its address is in the header `Location`."""

    model_config = shown({"task_id": TASK, "status": "queued"})

    task_id: str
    status: Literal["queued"] = "queued"


class BatchIssued(TaskIssued):
    """A batch: its own id tells how all of it stands; each part is a task too."""

    model_config = shown({"task_id": BATCH, "status": "queued", "task_ids": [TASK], "task_count": 1})

    task_ids: list[str] = Field(description="one for some documents each")
    task_count: int = Field(ge=1)


class Progress(BaseModel):
    """How far it is: documents of an index task, questions of a query."""

    model_config = shown({"done": 1, "total": 1})

    done: int = Field(ge=0)
    total: int = Field(ge=1)


class BatchResult(BaseModel):
    """What became of a batch so far."""

    model_config = shown({"documents": 1, "indexed": 1, "problems": [], "counts": {"completed": 1}})

    documents: int = Field(ge=0, description="documents that are stored now")
    indexed: int = Field(ge=0, description="their chunks")
    problems: list[dict[str, str]] = Field([], description="documents that could not be used, and why")
    counts: dict[State, int] = Field(description="parts in each state")


class TaskStatus(BaseModel):
    """How a task stands. `result` is there when it is completed, `error` when it failed."""

    model_config = shown(DONE)

    task_id: str
    status: State
    progress: Progress
    result: QueryResponse | BatchResult | dict[str, Any] | None = None
    error: str | None = Field(None, description="why it failed, or is retried")
