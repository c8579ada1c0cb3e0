"""What lies in the broker: messages that wait in a queue, and messages that workers have taken. Only read here."""

import json
from typing import Any, cast

from lab.redis_client import connect
from lab.service.tasks.setup import PATIENCE, QUEUES
from lab.settings import Settings

PAGE = 500  # messages read at once
UNACKED = "unacked"  # Celery's own key: messages that workers have taken


class Broker:
    """Celery's lists and hash in Redis."""

    def __init__(self, settings: Settings):
        self.redis = connect(settings.redis_for("broker"), PATIENCE, decode_responses=True)

    def lengths(self) -> tuple[dict[str, int], int]:
        """How many wait in each queue, and how many workers have."""
        with self.redis.pipeline(transaction=False) as pipe:
            for queue in QUEUES.values():
                pipe.llen(queue)
            pipe.hlen(UNACKED)
            *waiting, taken = pipe.execute()
        return dict(zip(QUEUES.values(), waiting, strict=True)), taken

    def known(self) -> set[str]:
        """Ids of all tasks that wait or are taken. The queues first: tasks move on from there, and seldom back."""
        found: set[str] = set()
        for queue in QUEUES.values():
            start = 0
            while page := cast("list[str]", self.redis.lrange(queue, start, start + PAGE - 1)):
                found |= {_id(json.loads(message)) for message in page}
                start += PAGE
        for _, kept in self.redis.hscan_iter(UNACKED, count=PAGE):
            found.add(_id(json.loads(kept)[0]))
        return found


def _id(message: dict[str, Any]) -> str:
    return str(message["headers"]["id"])
