"""Clients of Redis that give up when they were told to: redis-py's own defaults are 5 s for each call, and three more attempts."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis import Redis
    from redis.asyncio import Redis as AsyncRedis


def connect(url: str, patience: float, retries: int = 0, **options: Any) -> "Redis":
    """A client that gives each call `patience` seconds. It connects at first use; `retries`: further attempts, after 1 s at most."""
    from redis import Redis
    from redis.backoff import ExponentialBackoff
    from redis.retry import Retry

    return Redis.from_url(url, retry=Retry(ExponentialBackoff(cap=1, base=0.05), retries), **_times(patience), **options)


def connect_async(url: str, patience: float, **options: Any) -> "AsyncRedis":
    """The same for an event loop, without further attempts."""
    from redis.asyncio import Redis

    return Redis.from_url(url, **options_async(patience), **options)


def options_async(patience: float) -> dict[str, Any]:
    """How `connect_async` sets up its client, for libraries that make one themselves."""
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    return {"retry": Retry(NoBackoff(), 0), **_times(patience)}


def answers(url: str, patience: float) -> bool:
    """True when a Redis there takes the password and answers."""
    from redis.exceptions import RedisError

    try:
        with connect(url, patience) as client:
            return bool(client.ping())
    except (RedisError, OSError, ValueError):  # ValueError: no address of a Redis
        return False


def _times(patience: float) -> dict[str, Any]:
    return {"socket_timeout": patience, "socket_connect_timeout": patience}
