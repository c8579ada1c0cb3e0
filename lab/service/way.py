"""One question's way through the pipeline, told to the metrics and to the request's line in the log."""

import time
from typing import Any

from lab.observe import log
from lab.observe.rag_metrics import RAGMetrics
from lab.observe.track import status_of
from lab.rag.answer import Answer
from lab.rag.search import Found
from lab.rag.timings import Clock


class Way:
    """Sees each step and reads the clock: the pipeline itself knows no metrics of questions."""

    def __init__(self, metrics: RAGMetrics):
        self.metrics, self.clock = metrics, Clock()
        self.found: Found | None = None
        self.state = ""
        self._wrote = False

    def see(self, step: Found | str | Answer) -> None:
        """A step has come."""
        if isinstance(step, Found):
            self.found = step
            self.metrics.passages.observe(len(step.hits))
            self.metrics.index_chunks.set(step.trace.chunks)
        elif isinstance(step, Answer):
            self.state = step.state
            self.metrics.answers.labels(step.state).inc()
        elif not self._wrote:
            self._wrote = True
            self.metrics.first_token.observe(time.perf_counter() - self.clock.started)

    def end(self, error: BaseException | None = None) -> None:
        """No more steps will come."""
        status, broken = status_of(error), self._broken() if error else ""
        for component, seconds in self._components().items():
            self.metrics.stage(component, seconds, status if component == broken else "success")
        for supported in self.found.trace.supported if self.found else ():
            self.metrics.sentences.labels("supported" if supported else "unsupported").inc()
        log.note(outcome=status, timings=self.clock.read(), **self._told())

    def _broken(self) -> str:
        """The stage that an error ended: before passages were found, the search, whatever part of it."""
        return component_of(self.clock.broken) if self.found else "retrieve"

    def _components(self) -> dict[str, float]:
        seconds: dict[str, float] = {}
        for stage, took in self.clock.whole.items():
            component = component_of(stage)
            seconds[component] = seconds.get(component, 0.0) + took
        return seconds

    def _told(self) -> dict[str, Any]:
        """Fields for the log: neither the question nor the answer."""
        told: dict[str, Any] = {"state": self.state}
        if self.found:
            trace = self.found.trace
            told |= {"passages": len(self.found.hits), "model": trace.model, "tokens": trace.tokens}
        return {name: value for name, value in told.items() if value}


def component_of(stage: str) -> str:
    """retrieve, generate or ground; whatever else a pipeline does, it does to find passages."""
    return stage if stage in ("", "generate", "ground") else "retrieve"
