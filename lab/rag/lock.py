"""One ingest at a time: two that write the same collection would delete what the other has just stored."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from lab.errors import ServiceError, SettingError
from lab.settings import Settings

SOON = 0.1  # seconds within which a free lock is had


@contextmanager
def only_writer(settings: Settings, waiting: Callable[[], None]) -> Iterator[None]:
    """Holds the collection's lock, which ends with the process. `waiting` is called when another ingest has it."""
    folder = settings.lab_home / "locks"
    lock = FileLock(folder / f"ingest-{settings.collection.encode().hex()[:120]}.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=SOON)
    except Timeout:
        waiting()
        _wait(lock, settings)
    except OSError as error:
        what = f"The state folder {settings.lab_home} cannot be written ({error.strerror})."
        raise SettingError(what, "Give yourself the right to write there, or set LAB_HOME to another folder.") from error
    try:
        yield
    finally:
        lock.release()


def _wait(lock: FileLock, settings: Settings) -> None:
    try:
        lock.acquire(timeout=settings.request_timeout)
    except Timeout as error:
        what = f"Another ingest of the collection {settings.collection} is still running after {settings.request_timeout:g} s."
        raise ServiceError(what, "Wait until it is done, or stop it; then repeat: lab ingest") from error
