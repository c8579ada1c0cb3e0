"""The queue in Redis, through Celery."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError
from redis import RedisError

from lab.observe.log import request_id
from lab.service.models.documents import Document
from lab.service.models.query import QueryRequest
from lab.service.models.tasks import BatchIssued, TaskIssued, TaskStatus
from lab.service.tasks import measure
from lab.service.tasks.book import Book
from lab.service.tasks.broker import Broker
from lab.service.tasks.queue import QueueAway
from lab.service.tasks.records import Record
from lab.service.tasks.setup import INDEX, QUERY, make_app
from lab.service.tasks.status import of_batch, of_task
from lab.settings import Settings

PART = 16  # documents in one task: enough to be embedded in whole batches, few enough for the time limit
PART_CHARACTERS = 200_000  # or so much text
RUNS = ("queued", "running", "retrying")


class CeleryQueue:
    """The queue in Redis. Connects at first use, and anew when Redis has been away."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.book, self.broker = Book(settings), Broker(settings)
        self.app: Celery = make_app(settings, results=False)

    def ask(self, owner: str, request: QueryRequest) -> TaskIssued:
        """Have a question answered by a worker."""
        record = Record(_new_id(), owner, QUERY, {"request": request.model_dump(mode="json")}, request_id=request_id.get())
        self._issue([record], {})
        return TaskIssued(task_id=record.id)

    def index(self, owner: str, documents: Sequence[Document], collection: str | None = None) -> BatchIssued:
        """Have documents indexed by workers, some in each task."""
        parcels = {_new_id(): [one.model_dump(mode="json") for one in part] for part in parts(documents)}
        arguments = {"collection": collection}
        tasks = [Record(one, owner, INDEX, arguments, request_id=request_id.get(), size=len(part)) for one, part in parcels.items()]
        batch = Record(_new_id(), owner, members=list(parcels), request_id=request_id.get(), size=len(documents))
        self._issue([*tasks, batch], parcels)
        return BatchIssued(task_id=batch.id, task_ids=batch.members, task_count=len(tasks))

    def status(self, owner: str, task_id: str) -> TaskStatus | None:
        """How a task or a batch stands."""
        with answering():
            record, result = self.book.find([task_id])[0]
            if record is None or record.owner != owner:
                return None
            return of_batch(record, self.book.find(record.members)) if record.members else of_task(record, result)

    def cancel(self, owner: str, task_id: str) -> TaskStatus | None:
        """Take a task or a batch back. What has ended stays as it ended."""
        with answering():
            record, _ = self.book.find([task_id])[0]
            if record is None or record.owner != owner:
                return None
            open_ones = [
                one for one, result in self.book.find(record.members or [task_id]) if one and one.state(result is not None) in RUNS
            ]
            for one in open_ones:
                self.book.end(one, "cancelled")
                if one.outcome == "cancelled":
                    measure.ended(one.name, "cancelled")
            if running := [one.id for one in open_ones if one.begun]:
                self.app.control.revoke(running, terminate=True)
        return self.status(owner, task_id)

    def put_back(self, task_id: str) -> bool:
        """Send a dead letter once more. False when there is none of that id."""
        with answering():
            if not self.book.revive(task_id):
                return False
            record, _ = self.book.find([task_id])[0]
            if record:
                self.send(record)
            return record is not None

    def drop(self, task_id: str) -> bool:
        """Forget a dead letter. False when there is none of that id."""
        with answering():
            return self.book.bury(task_id)

    def overview(self) -> dict[str, Any]:
        """How many tasks wait, how many workers have in hand, and which were given up."""
        with answering():
            waiting, taken = self.broker.lengths()
            given_up = [
                {"id": one.id, "task": one.name, "owner": one.owner, "created": one.created, "error": one.error, "arguments": one.arguments}
                for one in self.book.dead()
            ]
        return {"queues": waiting, "taken": taken, "given_up": given_up}

    def send(self, record: Record) -> None:
        """Put a task that is in the book into its queue."""
        headers = {"request_id": record.request_id}
        hidden = {"argsrepr": "", "kwargsrepr": ""}  # what workers write about it into their logs: no questions
        self.app.send_task(record.name, kwargs=record.arguments, task_id=record.id, headers=headers, **hidden)

    def _issue(self, records: list[Record], parcels: dict[str, list[dict[str, Any]]]) -> None:
        """Into the book, then into the queue. A caller who is told that it failed does not find half of it done."""
        with answering():
            if self.book.waiting() + len(records) > self.settings.worker_queue:
                raise QueueAway("The task queue is full.", "Ask again later.")
            self.book.issue(records, parcels)
            try:
                for record in records:
                    if record.name:
                        self.send(record)
            except Exception:
                self.book.forget([record.id for record in records])
                raise


@contextmanager
def answering() -> Iterator[None]:
    """Redis that is away, in whichever words, becomes QueueAway."""
    try:
        yield
    except (RedisError, OperationalError, OSError) as error:
        raise QueueAway("The task queue does not answer.", "Ask again later.") from error
    except RuntimeError as error:
        if "result store backend" not in str(error):  # Celery's own words when it gives up
            raise
        raise QueueAway("The task queue does not answer.", "Ask again later.") from error


def parts(documents: Sequence[Document]) -> Iterator[list[Document]]:
    """The documents in runs that fit one task."""
    part: list[Document] = []
    characters = 0
    for document in documents:
        if part and (len(part) == PART or characters + len(document.text) > PART_CHARACTERS):
            yield part
            part, characters = [], 0
        part.append(document)
        characters += len(document.text)
    if part:
        yield part


def _new_id() -> str:
    return str(uuid.uuid4())
