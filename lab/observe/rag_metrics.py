"""What a RAG system counts: questions by how they ended, the time of each stage, tokens, and calls of the models.

Everything is observed on success and on failure alike: where slow failures are left out, the figures look best when things are
worst. The model server counts the tokens itself, so nothing is estimated here.

metrics = RAGMetrics()

@metrics.track_query
async def answer(question): ...
"""

from collections.abc import Callable, Sequence, Sized
from functools import partial
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from lab.observe.model_calls import Said, Work
from lab.observe.track import ENDS, Track, tracking

STATUSES = (*ENDS, "busy", "invalid")  # busy: the line was full, or the API about to stop; invalid: a mistake of the caller
COMPONENTS = ("total", "retrieve", "generate", "ground")
STATES = ("grounded", "quoted", "refused")
KINDS = ("chat", "embed")
# From a question without an answer to a model on a slow machine: Prometheus' own buckets end at 10 s.
LATENCIES = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
SPEEDS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
PASSAGES = (0, 1, 2, 3, 4, 6, 8, 12, 20, 50)
LOADED = 0.01  # seconds: Ollama tells some milliseconds for a model that was loaded already
Function = TypeVar("Function", bound=Callable[..., Any])
disable_created_metrics()  # a second number beside each counter, which nobody reads


class RAGMetrics:
    """The metrics of questions and models, in one registry: two of them in one process do not share counts."""

    def __init__(self, registry: CollectorRegistry | None = None):
        self.registry = registry = registry or CollectorRegistry()
        self.queries = self._counter("rag_queries", "Questions that were to be answered anew, by how they ended.", "status")
        self.duration = self._histogram(
            "rag_query_duration_seconds", "Time of a question, and of each stage that it reached.", LATENCIES, "component", "status"
        )
        self.passages = self._histogram("rag_search_results", "Passages that a search gave.", PASSAGES)
        self.answers = self._counter("rag_answers", "Answers by state: grounded, quoted or refused.", "state")
        self.sentences = self._counter("rag_sentences", "Sentences that the chat model wrote, supported by the sources or not.", "outcome")
        self.tokens = self._counter("rag_llm_tokens", "Tokens that the chat model read (prompt) and wrote (completion).", "type")
        self.first_token = self._histogram(
            "rag_time_to_first_token_seconds", "Time from the beginning of the work to the model's first words.", LATENCIES
        )
        self.speed = self._histogram("rag_generated_tokens_per_second", "Tokens that the chat model wrote in a second.", SPEEDS)
        self.load = self._histogram("rag_model_load_seconds", "Time to load the chat model, where it was not loaded.", LATENCIES)
        self.calls = self._counter("rag_llm_calls", "Calls of the model server, by how they ended.", "kind", "outcome")
        self.index_chunks = Gauge(
            "rag_index_chunks", "Chunks of the collection that was searched last.", registry=registry, multiprocess_mode="mostrecent"
        )
        self._begin_with_zeros()

    def track_query(self, function: Function) -> Function:
        """Count each call as a question. For plain and async functions, and for generators of both kinds."""
        return tracking(function, self._query_ended)  # type: ignore[return-value]

    def track_search(self, function: Function) -> Function:
        """Time each call as a search, and count the passages in what it returns."""
        return tracking(function, self._search_ended)  # type: ignore[return-value]

    def track_generation(self, function: Function) -> Function:
        """Time each call as the writing of an answer, and count the tokens that its messages tell."""
        return tracking(function, self._generation_ended)  # type: ignore[return-value]

    def query(self) -> Track:
        """A question that begins now; for code that is no function of its own."""
        return Track(self._query_ended)

    def call(self, kind: str) -> Track:
        """A call of the model server that begins now, of kind chat or embed. Its results are what the server said at the end."""
        return Track(partial(self._call_ended, kind))

    def stage(self, component: str, seconds: float, status: str) -> None:
        """Observe a stage that has ended: retrieve, generate or ground."""
        self.duration.labels(component, status).observe(seconds)

    def worked(self, said: Said) -> None:
        """Count what a chat model's answer tells about the work for it."""
        if work := Work.told(said):
            self.tokens.labels("prompt").inc(work.read)
            self.tokens.labels("completion").inc(work.wrote)
            if work.speed:
                self.speed.observe(work.speed)
            if work.loading > LOADED:
                self.load.observe(work.loading)

    def _query_ended(self, seconds: float, status: str, results: Sequence[Any]) -> None:
        self.queries.labels(status).inc()
        self.stage("total", seconds, status)

    def _search_ended(self, seconds: float, status: str, results: Sequence[Any]) -> None:
        self.stage("retrieve", seconds, status)
        for found in results:
            if isinstance(found, Sized):
                self.passages.observe(len(found))

    def _generation_ended(self, seconds: float, status: str, results: Sequence[Any]) -> None:
        self.stage("generate", seconds, status)
        for said in results:
            self.worked(said)

    def _call_ended(self, kind: str, seconds: float, status: str, results: Sequence[Any]) -> None:
        self.calls.labels(kind, status).inc()
        for said in results:
            self.worked(said)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self.registry)

    def _histogram(self, name: str, about: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(name, about, labels, registry=self.registry, buckets=buckets)

    def _begin_with_zeros(self) -> None:
        """A series that begins with its first event hides this event from PromQL's `increase`."""
        known = {self.queries: STATUSES, self.answers: STATES, self.sentences: ("supported", "unsupported")}
        for metric, values in {**known, self.tokens: ("prompt", "completion")}.items():
            for value in values:
                metric.labels(value)
        for kind in KINDS:
            for outcome in ENDS:
                self.calls.labels(kind, outcome)
        for component in COMPONENTS:  # of each other status there would be 15 series more for every component
            self.duration.labels(component, "success")
