"""How many tasks wait in each queue, and for how long the first of them does: read from the broker at each scrape."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import cast

from prometheus_client.metrics_core import GaugeMetricFamily
from redis import RedisError

from lab.service.tasks.book import RECORD, Book
from lab.service.tasks.broker import Broker
from lab.settings import Settings


class Depth:
    """A collector. Without an answer of Redis within a second there are no figures: no number is better than an old one."""

    def __init__(self, settings: Settings):
        self.broker, self.book = Broker(settings), Book(settings)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """For a registry of prometheus_client."""
        tasks = GaugeMetricFamily("rag_queue_tasks", "Tasks that wait in a queue.", labels=["queue"])
        oldest = GaugeMetricFamily("rag_queue_oldest_seconds", "Time since the first of them was issued.", labels=["queue"])
        with suppress(RedisError):
            for queue, length in self.broker.lengths()[0].items():
                tasks.add_metric([queue], length)
                oldest.add_metric([queue], self._age(queue))
        yield from (tasks, oldest)

    def _age(self, queue: str) -> float:
        """Of the task that comes next; 0 when the queue is empty."""
        message = cast("str | None", self.broker.redis.lindex(queue, -1))  # Celery puts in on the left and takes from the right
        created = self.book.redis.hget(RECORD + json.loads(message)["headers"]["id"], "created") if message else None
        return max(0.0, time.time() - float(cast(str, created))) if created else 0.0
