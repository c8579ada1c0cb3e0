"""What a RAG system counts: questions by how they ended, the time of each stage, tokens, and calls of the models.

Everything is observed on success and on failure alike: a slow failure that is not counted makes the figures look best when things
are worst. The model server counts the tokens itself, so nothing is estimated here.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

STATUSES = ("success", "error", "cancelled", "timeout", "busy")  # busy: the line was full, or the API about to stop
COMPONENTS = ("total", "retrieve", "generate", "ground")
STATES = ("grounded", "quoted", "refused")
# From a question without an answer to a model on a slow machine: Prometheus' own buckets end at 10 s.
LATENCIES = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
SPEEDS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
PASSAGES = (0, 1, 2, 3, 4, 6, 8, 12, 20, 50)


class RAGMetrics:
    """The metrics of questions and models, in one registry."""

    def __init__(self, registry: CollectorRegistry):
        self.queries = Counter("rag_queries", "Questions that were to be answered anew, by how they ended.", ["status"], registry=registry)
        self.duration = Histogram(
            "rag_query_duration_seconds",
            "Time of a question, and of each stage that it reached.",
            ["component", "status"],
            buckets=LATENCIES,
            registry=registry,
        )
        self.results = Histogram("rag_search_results", "Passages that a search gave.", buckets=PASSAGES, registry=registry)
        self.answers = Counter("rag_answers", "Answers by state: grounded, quoted or refused.", ["state"], registry=registry)
        self.sentences = Counter(
            "rag_sentences", "Sentences that the chat model wrote, supported by the sources or not.", ["outcome"], registry=registry
        )
        self.tokens = Counter(
            "rag_llm_tokens", "Tokens that the chat model read (prompt) and wrote (completion).", ["type"], registry=registry
        )
        self.first_token = Histogram(
            "rag_time_to_first_token_seconds", "Time from a question to the model's first words.", buckets=LATENCIES, registry=registry
        )
        self.speed = Histogram(
            "rag_generated_tokens_per_second", "Tokens that the chat model wrote in a second.", buckets=SPEEDS, registry=registry
        )
        self.load = Histogram(
            "rag_model_load_seconds", "Time to load the chat model, where it was not loaded.", buckets=LATENCIES, registry=registry
        )
        self.calls = Counter("rag_llm_calls", "Calls of the model server.", ["kind", "outcome"], registry=registry)
        self.index_chunks = Gauge(
            "rag_index_chunks", "Chunks of the collection that was searched last.", registry=registry, multiprocess_mode="mostrecent"
        )
        self._begin_with_zeros()

    def _begin_with_zeros(self) -> None:
        """A series that begins with its first event hides this event from `increase()`."""
        for metric, values in (
            (self.queries, STATUSES),
            (self.answers, STATES),
            (self.sentences, ("supported", "unsupported")),
            (self.tokens, ("prompt", "completion")),
        ):
            for value in values:
                metric.labels(value)
        for kind in ("chat", "embed"):
            for outcome in ("success", "error", "cancelled", "timeout"):
                self.calls.labels(kind, outcome)
