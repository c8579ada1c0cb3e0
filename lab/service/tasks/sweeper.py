"""Sends again what got lost on its way: every worker looks now and then, one at a time.

Celery's Redis transport takes a message off its queue and notes only then that a worker has it. A worker, or Redis, that is killed
in between loses the message. The book still has the task open; when neither the queue nor a worker has it, it is sent again.
"""

import logging

from lab.service.tasks.book import OPEN, Book
from lab.service.tasks.celery_queue import CeleryQueue
from lab.settings import Settings

LOCK = "tasks:sweeping"
log = logging.getLogger(__name__)


class Sweeper:
    """Looks after open tasks whose time has come."""

    def __init__(self, settings: Settings):
        self.queue = CeleryQueue(settings)
        self.book: Book = self.queue.book

    def sweep(self) -> list[str]:
        """One look. Returns the ids of tasks that were sent again."""
        overdue = self.book.overdue()
        if not overdue or not self.book.redis.set(LOCK, "1", nx=True, ex=10):
            return []
        try:
            known = self.queue.broker.known()
            self.book.look_again(one for one in overdue if one in known)
            return [one for one in overdue if one not in known and self._settle(one)]
        finally:
            self.book.redis.delete(LOCK)

    def _settle(self, task_id: str) -> bool:
        """End what is done, send what is lost; True when it was sent."""
        record, result = self.book.find([task_id])[0]
        if record is None:
            self.book.redis.zrem(OPEN, task_id)
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
