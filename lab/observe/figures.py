"""The figures of the live board, each written once: what it is, how Prometheus is asked for it, and how two scrapes give it without one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lab.observe.track import ENDS

WINDOW = 60  # seconds that rates look back
Labels = Mapping[str, tuple[str, ...]]
Kind = Literal["sum", "rate", "mean", "quantile", "share"]


@dataclass(frozen=True)
class Figure:
    """One line of the board."""

    title: str
    unit: str
    kind: Kind  # sum of values; events per second; mean, or quantile, of a histogram; share of the events that `part` chooses
    metric: str
    where: Labels = field(default_factory=dict)  # which series: values by label
    part: Labels = field(default_factory=dict)
    quantile: float = 0.5

    @property
    def promql(self) -> str:
        """The expression for Prometheus."""
        match self.kind:
            case "sum":
                return f"sum({self.metric}{_braces(self.where)})"
            case "rate":
                return _rate(self.metric, self.where)
            case "mean":
                return f"{_rate(f'{self.metric}_sum', self.where)} / ({_rate(f'{self.metric}_count', self.where)} > 0)"
            case "quantile":
                return f"histogram_quantile({self.quantile:g}, sum by (le) (rate({self.metric}_bucket{_braces(self.where)}[{WINDOW}s])))"
            case "share":
                return f"{_rate(self.metric, {**self.where, **self.part})} / ({_rate(self.metric, self.where)} > 0)"


def _rate(metric: str, where: Labels) -> str:
    return f"sum(rate({metric}{_braces(where)}[{WINDOW}s]))"


def _braces(where: Labels) -> str:
    return "{" + ", ".join(f'{name}=~"{"|".join(values)}"' for name, values in where.items()) + "}" if where else ""


TOTAL = {"component": ("total",), "status": ENDS}  # not busy, not invalid: saying no takes milliseconds
SECONDS = "rag_query_duration_seconds"
FAILURES = ("error", "timeout", "busy")
COUNTED = {"status": ("success", *FAILURES)}  # cancelled: the caller went away; invalid: it was the caller's mistake
LOOKED = {"event": ("hit", "miss")}
MEDIAN = Figure("Time of a question, median", "s", "quantile", SECONDS, TOTAL)
SLOW = Figure("Time of a question, 95th percentile", "s", "quantile", SECONDS, TOTAL, quantile=0.95)
QUESTIONS = Figure("Questions answered anew", "/s", "rate", "rag_queries_total")
FAILED = Figure("Share that failed", "%", "share", "rag_queries_total", COUNTED, {"status": FAILURES})
REQUESTS = Figure("Requests of any kind", "/s", "rate", "rag_http_requests_total")
HITS = Figure("Share found in the cache", "%", "share", "rag_cache_events_total", LOOKED, {"event": ("hit",)})
RUNNING = Figure("Questions in work", "", "sum", "rag_questions_running")
WAITING = Figure("Questions that wait", "", "sum", "rag_questions_waiting")
QUEUED = Figure("Tasks in the queue", "", "sum", "rag_queue_tasks")
SPEED = Figure("Tokens written, of one answer", "/s", "mean", "rag_generated_tokens_per_second")
WRITTEN = Figure("Tokens written, of all answers", "/s", "rate", "rag_llm_tokens_total", {"type": ("completion",)})
FIGURES = (MEDIAN, SLOW, QUESTIONS, FAILED, REQUESTS, HITS, RUNNING, WAITING, QUEUED, SPEED, WRITTEN)
