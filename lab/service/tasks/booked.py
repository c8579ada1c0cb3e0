"""What every task here does around its work: it is begun once at a time, tried again when a service is away, and ends in the book."""

import random
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from billiard.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded
from celery import Task
from celery.exceptions import Ignore, Reject
from kombu.exceptions import OperationalError
from redis import RedisError

from lab.errors import InputError, LabError, ModelError, ServiceError
from lab.service.tasks import measure
from lab.service.tasks.book import Book
from lab.settings import get_settings

LONGEST_PAUSE = 30.0  # seconds before a further attempt
AWAY = "A service that this needs did not answer, also not at the last attempt."
MODEL = "A model that this needs is missing or unfit."
INSIDE = "This could not be done; the worker's log has the reason."
PATIENT = 6  # attempts of a worker to reach the book, some seconds in all


class Deadly(LabError):
    """A task that processes died of."""


@lru_cache(maxsize=1)
def book() -> Book:
    """The worker's book."""
    return Book(get_settings(), PATIENT)


class Booked(Task):
    """The base of all tasks. One that was sent without an entry in the book is run as Celery runs it."""

    abstract = True

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """Leave out what has ended: a message may come twice. Give up what processes die of."""
        try:
            record = book().begin(task_id)
        except RedisError as error:
            raise Reject(error, requeue=True) from error
        if record and record.outcome:
            raise Ignore
        deaths = record.begun - 1 if record else 0  # what began and did not end
        if deaths >= get_settings().worker_deaths:
            raise Deadly(f"The worker's process died {deaths} times while it did this.")

    def again(self, error: ServiceError) -> ServiceError:
        """Raises Celery's Retry for a further attempt later; returns the error when that would be of no use."""
        if told_of_time(error):
            return error
        try:
            self.retry(exc=error, countdown=pause(self.request.retries), max_retries=get_settings().worker_retries)
        except Reject as reject:  # it could not be sent: then this message goes back instead of being lost
            raise Reject(reject.reason, requeue=True) from error
        return error

    def on_retry(self, exc: BaseException, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Celery's hook, when a further attempt was sent."""
        measure.ended(self.name, "retried")
        book().retry(task_id)

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        """Celery's hook, when the result is stored."""
        record = book().find([task_id])[0][0]
        if record:
            book().end(record, "completed")
        if not record or record.outcome == "completed":  # else it was taken back meanwhile, and counted there
            measure.ended(self.name, "completed")

    def on_failure(self, exc: BaseException, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Celery's hook; after a hard time limit it is called in the worker's main process."""
        if of_the_queue(exc):
            return  # not the task's fault, and it may even be done: it stays open, and will be sent again
        record, dead = book().find([task_id])[0][0], not isinstance(exc, InputError)
        if record:
            book().end(record, "failed", reason(exc), dead=dead)
            book().trim_dead()
        if not record or record.outcome == "failed":
            measure.ended(self.name, "dead" if dead else "failed")


def pause(attempts: int) -> float:
    """Seconds before the next attempt: 1, 2, 4, … a quarter more or less, so that many tasks do not come back at once."""
    return min(2.0**attempts, LONGEST_PAUSE) * random.uniform(0.75, 1.25)


def reason(error: BaseException) -> str:
    """Why a task failed, in words that a caller may read."""
    if told_of_time(error):
        return f"It took longer than {get_settings().worker_time_limit:g} seconds."
    if isinstance(error, (InputError, Deadly)):
        return error.what
    return AWAY if isinstance(error, ServiceError) else MODEL if isinstance(error, ModelError) else INSIDE


def told_of_time(error: BaseException) -> BaseException | None:
    """The time limit behind an error: code in between may have taken it for a failing service."""
    return next((one for one in _causes(error) if isinstance(one, (SoftTimeLimitExceeded, TimeLimitExceeded))), None)


def of_the_queue(error: BaseException) -> bool:
    """True when the queue itself failed, and not what the task does."""
    return isinstance(error, (RedisError, OperationalError)) or "result store backend" in str(error)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
