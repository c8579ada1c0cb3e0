"""Sends again what got lost on its way: every worker looks now and then, one at a time.

Celery's Redis transport takes a message off its queue and notes only then that a worker has it. A worker, or Redis, that is killed
in between loses the message. The book still has the task open; when neither the queue nor a worker has it, it is sent again.
"""

import json
import logging
from typing import Any, cast

from redis import Redis

from lab.service.tasks.book import Book
from lab.service.tasks.celery_queue import CeleryQueue
from lab.service.tasks.setup import PATIENCE, QUEUES
from lab.settings import Settings

PAGE = 500  # messages read at once
LOCK = "tasks:sweeping"
UNACKED = "unacked"  # Celery's own key: messages that workers have
log = logging.getLogger(__name__)


class Sweeper:
    """Looks after open tasks whose time has come."""

    def __init__(self, settings: Settings):
        self.queue = CeleryQueue(settings)
        self.book: Book = self.queue.book
        self.broker = Redis.from_url(settings.redis_for("broker"), decode_responses=True, socket_timeout=5, socket_connect_timeout=PATIENCE)

    def sweep(self) -> list[str]:
        """One look. Returns the ids of tasks that were sent again."""
        overdue = self.book.overdue()
        if not overdue or not self.book.redis.set(LOCK, "1", nx=True, ex=10):
            return []
        try:
            known = self._known()
            self.book.look_again(one for one in overdue if one in known)
            return [one for one in overdue if one not in known and self._settle(one)]
        finally:
            self.book.redis.delete(LOCK)

    def _settle(self, task_id: str) -> bool:
        """End what is done, send what is lost; True when it was sent."""
        record, result = self.book.find([task_id])[0]
        if record is None:
            self.book.redis.zrem("tasks:open", task_id)
        elif record.members:
            self._settle_batch(task_id, record.members)
        elif result is not None:
            self.book.end(record, "completed")
        elif not record.outcome:
            log.warning("task %s was in nobody's hands; it is sent again", task_id)
            self.queue.send(record)
            self.book.look_again([task_id])
            return True
        else:
            self.book.end(record, record.outcome)
        return False

    def _settle_batch(self, task_id: str, members: list[str]) -> None:
        """A batch ends with its last part, so that it expires when its parts do."""
        read = self.book.find([task_id, *members])
        batch, *parts = (record for record, _ in read)
        if batch and not any(one and not one.outcome for one in parts):
            self.book.end(batch, "completed")
        else:
            self.book.look_again([task_id])

    def _known(self) -> set[str]:
        """Ids of all tasks that wait in a queue or are in a worker's hands. The queues first: tasks move on, not back."""
        found: set[str] = set()
        for queue in QUEUES.values():
            start = 0
            while page := cast("list[str]", self.broker.lrange(queue, start, start + PAGE - 1)):
                found |= {_id(json.loads(message)) for message in page}
                start += PAGE
        for _, kept in self.broker.hscan_iter(UNACKED, count=PAGE):
            found.add(_id(json.loads(kept)[0]))
        return found


def _id(message: dict[str, Any]) -> str:
    return str(message["headers"]["id"])
