"""A Redis of the lesson's own, apart from the lab's: `redis = own_redis.start("07")`, then `redis.url`.

It ends with the notebook's kernel, however that ends, and what it held goes with it.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.containers import workspace
from lab.course.remains import remove_remains
from lab.redis_server import RedisServer

_running: dict[str, RedisServer] = {}


def start(lesson: str) -> RedisServer:
    """An empty Redis on a free port of this machine, with a password of its own. A second call gives a new one. Raises ServiceError."""
    stop(lesson)
    remove_remains(workspace(lesson), "redis-")
    _running[lesson] = RedisServer(workspace(lesson) / f"redis-{os.getpid()}").start()
    return _running[lesson]


def stop(lesson: str) -> None:
    """Stops the lesson's Redis and removes its data; nothing happens when none runs."""
    server = _running.pop(lesson, None)
    if server:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


@contextmanager
def for_a_moment() -> Iterator[str]:
    """The address of an empty Redis that ends with the block: what a check works with, apart from the lesson's own."""
    with tempfile.TemporaryDirectory() as folder, RedisServer(Path(folder)) as server:
        yield f"{server.url}/0"


@atexit.register
def _stop_all() -> None:
    for lesson in list(_running):
        stop(lesson)
