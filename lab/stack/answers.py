"""How each kind of service is asked whether it is ready, and what is prepared for one before it starts."""

import shutil
import time
from typing import Any
from urllib.parse import unquote, urlsplit

from lab import redis_server
from lab.settings import Settings

HEARTBEAT = 30.0  # seconds; a worker touches its file every five while the queue answers it


def redis(settings: Settings, timeout: float) -> dict[str, Any] | None:
    """A Redis that takes the password. One of another machine may use TLS, and needs the library, which takes half a second to import."""
    parts = urlsplit(settings.redis_for("broker"))
    if not settings.redis_url:
        answers = redis_server.answers(parts.hostname or "", parts.port or 6379, unquote(parts.password or ""), timeout)
    else:
        answers = _pings(settings.redis_for("broker"), timeout)
    return {"redis": True} if answers else None


def _pings(url: str, timeout: float) -> bool:
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
    from redis.retry import Retry

    try:
        with Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0)) as client:
            return bool(client.ping())
    except RedisError:
        return False


def worker(settings: Settings, timeout: float) -> dict[str, Any] | None:
    """A worker whose heartbeat is fresh: it runs, and the queue answers it."""
    latest = max((file.stat().st_mtime for file in (settings.lab_home / "workers").glob("*")), default=0.0)
    return {"worker": True} if time.time() - latest < HEARTBEAT else None


def prepare_redis(settings: Settings) -> None:
    """Its file, with port and password."""
    redis_server.write_configuration(settings.lab_home / "redis", settings.redis_port, settings.redis_password)


def prepare_worker(settings: Settings) -> None:
    """Forgets the heartbeats of workers that were killed."""
    shutil.rmtree(settings.lab_home / "workers", ignore_errors=True)
