"""How each kind of service is asked whether it is ready, what is prepared for one before it starts, and how long one takes to stop."""

import shutil
import time
from typing import Any
from urllib.parse import unquote, urlsplit

from lab import prometheus_server, redis_client, redis_server
from lab.settings import Settings

LAST_TASK = 60.0  # seconds for the task that a worker is at, as in compose.yaml; a longer one is begun again by another worker
HEARTBEAT = 30.0  # seconds; a worker touches its file every five while the queue answers it


def redis(settings: Settings, timeout: float) -> dict[str, Any] | None:
    """A Redis that takes the password. One of another machine may use TLS, and needs the library, which takes half a second to import."""
    parts = urlsplit(settings.redis_for("broker"))
    if not settings.redis_url:
        answers = redis_server.answers(parts.hostname or "", parts.port or 6379, unquote(parts.password or ""), timeout)
    else:
        answers = redis_client.answers(settings.redis_for("broker"), timeout)
    return {"redis": True} if answers else None


def worker(settings: Settings, timeout: float) -> dict[str, Any] | None:
    """A worker whose heartbeat is fresh: it runs, and the queue answers it."""
    latest = max((file.stat().st_mtime for file in (settings.lab_home / "workers").glob("*")), default=0.0)
    return {"worker": True} if time.time() - latest < HEARTBEAT else None


def prepare_redis(settings: Settings) -> None:
    """Its file, with port and password."""
    redis_server.write_configuration(settings.lab_home / "redis", settings.redis_port, settings.redis_password)


def prepare_prometheus(settings: Settings) -> None:
    """Its file, with the addresses of this lab. Tasks are counted by a worker, which the profile production starts."""
    targets = {
        "api": urlsplit(settings.api_url).netloc,
        "exporter": urlsplit(settings.exporter_url).netloc,
        "prometheus": f"127.0.0.1:{settings.prometheus_port}",
    }
    if "production" in settings.profiles:
        targets["worker"] = f"127.0.0.1:{settings.worker_metrics_port}"
    prometheus_server.write_configuration(settings.lab_home / "prometheus", targets)


def prepare_worker(settings: Settings) -> None:
    """Forgets the heartbeats of workers that were killed."""
    shutil.rmtree(settings.lab_home / "workers", ignore_errors=True)


def time_of_api(settings: Settings) -> float:
    """Seconds for answers that are being made, and a tenth more for their last bytes (lab/service/server.py)."""
    return 1.1 * settings.api_stop_timeout


def time_of_worker(settings: Settings) -> float:
    """Seconds for the task that it is at."""
    return min(settings.worker_time_limit, LAST_TASK)
