"""Waiting tasks and results in Redis, through its own DUMP and RESTORE.

Cache and counters of rate limits are left out: they come back by use.
"""

import base64
import json
from typing import Any

from lab.backup.archive import Archive, Writer
from lab.errors import InputError, ServiceError
from lab.redis_client import connect
from lab.settings import RedisUse, Settings

MEMBER = "redis.jsonl"
KEPT: tuple[RedisUse, ...] = ("broker", "results")


def save_tasks(settings: Settings, writer: Writer) -> int:
    """Write every key of the broker and of the results, each database as it is at one moment. Returns how many."""
    entries = [{"use": use, **entry} for use in KEPT for entry in _dump(settings, use)]
    writer.add(MEMBER, (json.dumps(entry).encode() + b"\n" for entry in entries))
    return len(entries)


def _dump(settings: Settings, use: RedisUse) -> list[dict[str, Any]]:
    with _client(settings, use) as client:
        keys = sorted(client.scan_iter(count=1000))
        with client.pipeline(transaction=True) as at_once:  # a task must not move from one list to another in between
            for key in keys:
                at_once.dump(key)
                at_once.pttl(key)
            found = at_once.execute()
        rows = zip(keys, found[::2], found[1::2], strict=True)
        return [{"key": _text(key), "ttl": max(ttl, 0), "value": _text(value)} for key, value, ttl in rows if value is not None]


def load_tasks(settings: Settings, archive: Archive, force: bool) -> int:
    """Put the keys back. Raises InputError when a database is in use and `force` is false."""
    import redis

    entries = list(archive.lines(MEMBER))
    for use in KEPT:
        with _client(settings, use) as client:
            if client.dbsize() and not force:
                raise InputError(
                    f"Redis has already {client.dbsize()} keys of the {use}.", "Replace them: --force, with all workers stopped."
                )
            with client.pipeline(transaction=True) as at_once:
                at_once.flushdb()
                for entry in entries:
                    if entry["use"] == use:
                        at_once.restore(_bytes(entry["key"]), entry["ttl"], _bytes(entry["value"]))
                try:
                    at_once.execute()
                except redis.ResponseError as error:
                    hint = "A value can be read by the version of Redis that wrote it, and by newer ones."
                    raise ServiceError(f"Redis did not take the tasks of the backup: {error}.", hint) from error
    return len(entries)


class _client:
    """A connection for a `with` block; Redis that is away becomes a ServiceError."""

    def __init__(self, settings: Settings, use: RedisUse):
        self.settings, self.use = settings, use

    def __enter__(self) -> Any:
        self._redis = connect(self.settings.redis_for(self.use), self.settings.request_timeout)
        return self._redis

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        import redis

        self._redis.close()
        if isinstance(error, redis.ConnectionError | redis.TimeoutError):
            hint = "Start it with `lab up --profile production`, or leave tasks out: COMPOSE_PROFILES without production."
            raise ServiceError("Redis does not answer.", hint) from error


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
