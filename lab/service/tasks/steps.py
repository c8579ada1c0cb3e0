"""What a worker does now and then in its main process, by Celery's own clock: a thread would not survive the forks."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery import bootsteps

from lab.service.tasks.sweeper import Sweeper
from lab.settings import get_settings

BEAT = 5.0  # seconds; without a beat for 30 s a worker counts as ill


class Step(bootsteps.StartStopStep):
    """A part of Celery's consumer: it is started when the worker reads its queues, and stopped when it ends or has lost its Redis."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **options: Any):
        super().__init__(parent, **options)
        self.entry: Any = None

    def prepare(self) -> tuple[float, Callable[[], Any]]:
        """How often, and what."""
        raise NotImplementedError

    def start(self, parent: Any) -> None:
        """Celery's hook: the worker reads its queues."""
        seconds, do = self.prepare()
        self.entry = parent.timer.call_repeatedly(seconds, do, priority=10)

    def stop(self, parent: Any) -> None:
        """Celery's hook: the worker ends, or looks for its Redis."""
        if self.entry:
            self.entry.cancel()
            self.entry = None


class Sweeping(Step):
    """Sends again what got lost."""

    def prepare(self) -> tuple[float, Callable[[], Any]]:
        """Often enough for the time after which a task counts as lost."""
        settings = get_settings()
        return min(30.0, max(0.5, settings.worker_redelivery / 4)), Sweeper(settings).sweep


class Beating(Step):
    """Touches a file that tells a healthcheck that the worker is well: asking Celery takes seconds of a processor."""

    def prepare(self) -> tuple[float, Callable[[], Any]]:
        """At once, and then as often as whoever reads it expects."""
        self.file = heartbeat(get_settings().lab_home, os.getpid())
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.touch()
        return BEAT, self.file.touch

    def stop(self, parent: Any) -> None:
        """Celery's hook: the worker ends, or looks for its Redis."""
        super().stop(parent)
        self.file.unlink(missing_ok=True)


def heartbeat(home: Path, process: int) -> Path:
    """The file of a worker's main process."""
    return home / "workers" / str(process)
