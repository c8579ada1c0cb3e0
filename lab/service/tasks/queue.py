"""The queue as the API uses it: issue tasks, see how they stand, take them back."""

from collections.abc import Sequence
from typing import Any, Protocol

from lab.errors import ServiceError
from lab.service.models.documents import Document
from lab.service.models.query import QueryRequest
from lab.service.models.tasks import BatchIssued, TaskIssued, TaskStatus
from lab.settings import Settings

OFF = "The task queue is switched off."
TURN_ON = "Start the lab with its profile: lab up --profile production (COMPOSE_PROFILES=production), or set REDIS_URL."


class QueueAway(ServiceError):
    """Tasks cannot be issued or looked up now; the message may be told to a caller."""


class TaskQueue(Protocol):
    """What the routes need. Each call blocks for two seconds at most, and raises QueueAway."""

    def ask(self, owner: str, request: QueryRequest) -> TaskIssued:
        """Have a question answered by a worker."""

    def index(self, owner: str, documents: Sequence[Document], collection: str | None = None) -> BatchIssued:
        """Have documents indexed by workers."""

    def status(self, owner: str, task_id: str) -> TaskStatus | None:
        """How a task or a batch stands; None when this owner has none of that id."""

    def cancel(self, owner: str, task_id: str) -> TaskStatus | None:
        """Take a task or a batch back: what waits is dropped, what runs is ended. None as above."""


def open_queue(settings: Settings) -> TaskQueue:
    """The queue of these settings; without Redis one that says how to switch it on."""
    if not settings.has_redis:
        return NoQueue()
    from lab.service.tasks.celery_queue import CeleryQueue  # Celery takes half a second to import

    return CeleryQueue(settings)


class NoQueue:
    """Stands where no queue is."""

    def _refuse(self, *args: Any, **options: Any) -> Any:
        raise QueueAway(OFF, TURN_ON)

    ask = index = status = cancel = _refuse
