"""A Redis of the lesson's own, apart from the lab's: `redis = own_redis.start("07")`, then `redis.url`.

It ends with the notebook's kernel, however that ends, and what it held goes with it.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.course.own_server import OwnServers
from lab.redis_server import RedisServer

_servers: OwnServers[RedisServer] = OwnServers("redis")


def start(lesson: str) -> RedisServer:
    """An empty Redis on a free port of this machine, with a password of its own. A second call gives a new one. Raises ServiceError."""
    return _servers.start(lesson, RedisServer)


def stop(lesson: str) -> None:
    """Stops the lesson's Redis and removes its data; nothing happens when none runs."""
    _servers.stop(lesson)


@contextmanager
def for_a_moment() -> Iterator[str]:
    """The address of an empty Redis that ends with the block: what a check works with, apart from the lesson's own."""
    with tempfile.TemporaryDirectory() as folder, RedisServer(Path(folder)) as server:
        yield f"{server.url}/0"
