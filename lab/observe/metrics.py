"""What the API counts, in the form that Prometheus reads.

Labels have few values, all known beforehand: a route is its template and never an address, and a caller's own words are in none.
Each application has a registry of its own, so that two of them in one process (tests, notebooks) do not share counts.
"""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from lab.observe.rag_metrics import RAGMetrics

# From what the API does itself to what a model on a slow machine needs: Prometheus' own buckets end at 10 s.
BUCKETS = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
disable_created_metrics()  # a second number beside each counter, which nobody reads
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}  # whatever else a caller makes up counts as OTHER


class Metrics:
    """The metrics of one application."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        ProcessCollector(registry=own)
        PlatformCollector(registry=own)
        self.requests = Counter("rag_http_requests", "Requests by route, method and status.", ["route", "method", "status"], registry=own)
        self.seconds = Histogram(
            "rag_http_request_seconds", "Time from a request to the end of its answer.", ["route", "method"], buckets=BUCKETS, registry=own
        )
        self.in_flight = Gauge("rag_http_requests_in_progress", "Requests that have no complete answer yet.", registry=own)
        self.running = Gauge("rag_questions_running", "Calls of the pipeline that run.", registry=own)
        self.waiting = Gauge("rag_questions_waiting", "Calls of the pipeline that wait in the line.", registry=own)
        self.refused = Counter("rag_questions_refused", "Calls of the pipeline that found the line full.", registry=own)
        self.dependency = Gauge("rag_dependency_up", "1 when the last look found it usable.", ["dependency"], registry=own)
        self.cache = Counter("rag_cache_events", "What the cache did.", ["level", "event"], registry=own)
        self.ingested = Counter("rag_ingest_documents", "Documents that were brought, by what became of them.", ["outcome"], registry=own)
        self.chunks = Counter("rag_ingest_chunks", "Chunks that were embedded and stored.", registry=own)
        self.ingesting = Histogram("rag_ingest_seconds", "Time of one ingest.", ["status"], buckets=BUCKETS, registry=own)
        self.tasks = Counter("rag_tasks", "Ends of attempts at tasks of the queue.", ["task", "outcome"], registry=own)
        self.task_seconds = Histogram("rag_task_seconds", "Time of one attempt.", ["task", "outcome"], buckets=BUCKETS, registry=own)
        self.rag = RAGMetrics(own)
        Info("rag_build", "Which version this is.", registry=own).info({"version": _version()})
        self._seen: dict[tuple[str, str, int], Callable[[float], None]] = {}

    def saw(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        key = (route, method if method in METHODS else "OTHER", status)
        if key not in self._seen:  # finding the right counter costs more than counting
            self._seen[key] = self._counting(*key)
        self._seen[key](seconds)

    def _counting(self, route: str, method: str, status: int) -> Callable[[float], None]:
        requests, duration = self.requests.labels(route, method, str(status)), self.seconds.labels(route, method)

        def count(seconds: float) -> None:
            requests.inc()
            duration.observe(seconds)

        return count

    def text(self) -> bytes:
        """All of them, as Prometheus reads it."""
        return generate_latest(self.registry)


def _version() -> str:
    try:
        return version("slipway-lab")
    except PackageNotFoundError:  # in the image the code is copied, not installed
        return "unknown"
