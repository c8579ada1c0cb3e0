"""How the Celery app `rag_tasks` is set up: what both sides of the queue, the API and the workers, have to agree on."""

from typing import Any

from celery import Celery
from kombu import Exchange, Queue

from lab.settings import Settings

NAME = "rag_tasks"
INDEX, QUERY = f"{NAME}.index_documents", f"{NAME}.query_rag"
QUEUES = {INDEX: "indexing", QUERY: "query"}  # each task names its queue, and workers read all of them
MODULES = ("lab.service.tasks.index", "lab.service.tasks.query")
SOFT = 0.9  # of the time limit: by then a task is told to end, and has the rest to say why
PATIENCE = 1.0  # seconds for Redis to take a connection, or one command of a sender


def make_app(settings: Settings, *, results: bool = True) -> Celery:
    """The app for a worker. A sender goes without results: Celery would hold a connection open to listen for each of them."""
    backend = settings.redis_for("results") if results else "disabled://"
    app = Celery(NAME, broker=settings.redis_for("broker"), backend=backend, include=MODULES, set_as_current=results)
    app.conf.update(_common(settings), **_routing(), **_delivery(settings), **_redis(settings, patient=results))
    return app


def _common(settings: Settings) -> dict[str, Any]:
    return {
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],  # pickle would run what a message says
        "enable_utc": True,  # every time that is sent or kept
        "timezone": "Asia/Tokyo",  # only how Celery's own log and schedules show it
        "task_track_started": True,
        "worker_redirect_stdouts": False,  # its log is JSON on standard output, see logs.py
        "result_expires": settings.worker_result_ttl,
    }


def _routing() -> dict[str, Any]:
    exchange = Exchange(NAME, type="direct")
    return {
        "task_queues": [Queue(name, exchange, routing_key=name) for name in QUEUES.values()],
        "task_routes": {task: {"queue": queue} for task, queue in QUEUES.items()},
        "task_create_missing_queues": False,  # a task without a route is an error where it is sent, and waits nowhere unseen
    }


def _delivery(settings: Settings) -> dict[str, Any]:
    return {
        "task_acks_late": True,  # a task is off the queue when it is done, not when it begins
        "task_reject_on_worker_lost": True,  # its process died: to the queue again, at once
        "worker_lost_wait": 1.0,  # seconds for a last word of a process that died; Celery waits 10, and the time limit may come first
        "worker_prefetch_multiplier": 1,  # no task waits behind a long one while another worker is idle
        "task_soft_time_limit": settings.worker_time_limit * SOFT,
        "task_time_limit": settings.worker_time_limit,
        "worker_concurrency": settings.worker_concurrency,
        "worker_proc_alive_timeout": settings.start_timeout,  # its process may import for longer than Celery's 4 s
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # Redis may come back at any time
        "worker_cancel_long_running_tasks_on_connection_loss": False,  # its task is safe to be done twice: better done than begun again
    }


def _redis(settings: Settings, *, patient: bool) -> dict[str, Any]:
    """`visibility_timeout`: after that, what a dead worker had taken is given to another. A sender answers a caller who waits."""
    often = min(10.0, max(0.5, settings.worker_redelivery / 10))  # seconds between two looks for such tasks
    times = {
        "visibility_timeout": settings.worker_redelivery,
        "unacked_restore_interval": often,
        "unacked_restore_throttle": 1,
        "unacked_mutex_expire": 10,
    }
    limits = {} if patient else {"socket_timeout": PATIENCE, "max_retries": 1}
    return {
        "broker_transport_options": {**times, **limits, "socket_connect_timeout": PATIENCE},
        "result_backend_transport_options": times,
        "redis_socket_connect_timeout": PATIENCE,
        "task_publish_retry_policy": {"max_retries": 3 if patient else 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.5},
    }
