"""What an application counts, in the form that Prometheus reads.

Labels have few values, all known beforehand: a route is its template and never an address, and a caller's own words are in none.
Each application has a registry of its own, so that two of them in one process (tests, notebooks) do not share counts.
"""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.metrics_core import InfoMetricFamily

from lab import __version__
from lab.observe import processes
from lab.observe.rag_metrics import RAGMetrics
from lab.observe.track import Track

# From what the API does itself to what a model on a slow machine needs: Prometheus' own buckets end at 10 s.
BUCKETS = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}  # whatever else a caller makes up counts as OTHER
DOCUMENTS = ("added", "changed", "unchanged", "removed", "problem")


class Metrics:
    """The metrics of one application. `registry` has them; `scraped` is what Prometheus reads."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        self.scraped = _scraped(own)
        self.rag = RAGMetrics(own)
        self.requests = Counter("rag_http_requests", "Requests by route, method and status.", ["route", "method", "status"], registry=own)
        self.seconds = Histogram(
            "rag_http_request_seconds", "Time from a request to the end of its answer.", ["route", "method"], buckets=BUCKETS, registry=own
        )
        self.in_flight = _now("rag_http_requests_in_progress", "Requests that have no complete answer yet.", own)
        self.running = _now("rag_questions_running", "Calls of the pipeline that run.", own)
        self.waiting = _now("rag_questions_waiting", "Calls of the pipeline that wait in the line.", own)
        self.refused = Counter("rag_questions_refused", "Calls of the pipeline that found the line full.", registry=own)
        self.dependency = Gauge(
            *("rag_dependency_up", "1 when the last look found it usable.", ["dependency"]), registry=own, multiprocess_mode="mostrecent"
        )
        self.cache = Counter("rag_cache_events", "What the cache did.", ["level", "event"], registry=own)
        self.documents = Counter("rag_ingest_documents", "Documents that were brought, by what became of them.", ["outcome"], registry=own)
        self.chunks = Counter("rag_ingest_chunks", "Chunks that were stored.", registry=own)
        self.ingests = Histogram("rag_ingest_seconds", "Time of one ingest.", ["status"], buckets=BUCKETS, registry=own)
        self.tasks = Counter("rag_tasks", "Attempts at tasks of the queue, by how they ended.", ["task", "outcome"], registry=own)
        self.task_seconds = Histogram("rag_task_seconds", "Time of one attempt.", ["task", "outcome"], buckets=BUCKETS, registry=own)
        for outcome in DOCUMENTS:
            self.documents.labels(outcome)
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

    def questions(self, running: int, waiting: int) -> None:
        """So many are answered now, and so many wait."""
        self.running.set(running)
        self.waiting.set(waiting)

    def ingest(self) -> Track:
        """An ingest that begins now."""
        return Track(lambda seconds, status, results: self.ingests.labels(status).observe(seconds))

    def text(self) -> bytes:
        """All of them, as Prometheus reads it. May ask other services, for some of them: call it in a thread."""
        return generate_latest(self.scraped)


class Build:
    """Which version this is; prometheus_client's own Info is lost with several processes."""

    def collect(self) -> Iterator[InfoMetricFamily]:
        """For a registry of prometheus_client."""
        yield InfoMetricFamily("rag_build", "Which version this is.", value={"version": __version__})


def _scraped(own: CollectorRegistry) -> CollectorRegistry:
    """The own registry, with what concerns this process; with several processes, what all of them wrote."""
    several = processes.folder() is not None
    scraped = CollectorRegistry() if several else own
    if several:
        scraped.register(processes.AllProcesses())
    else:
        ProcessCollector(registry=own)
        PlatformCollector(registry=own)
    scraped.register(Build())
    return scraped


def _now(name: str, about: str, registry: CollectorRegistry) -> Gauge:
    """What goes on in the processes that live, added up."""
    return Gauge(name, about, registry=registry, multiprocess_mode="livesum")
