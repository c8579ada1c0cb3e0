"""All looks of one scrape, at the same time and with one deadline: a server that hangs must not cost the others their figures."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any

import httpx
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

DEADLINE = 1.5  # seconds for one scrape; Prometheus waits for 4, and shorter in a lesson
Get = Callable[[str], Any]


@dataclass(frozen=True)
class Look:
    """One server: what its metrics begin with, where it is, and how its figures are read. `read` raises when it has no sense."""

    name: str
    url: str
    read: Callable[[Get], list[Metric]]


class Looks:
    """A collector. NAME_up is always there; the other figures of a server are missing when it does not answer in time."""

    def __init__(self, looks: Sequence[Look], deadline: float = DEADLINE):
        self.looks, self.deadline = looks, deadline
        self._pool = ThreadPoolExecutor(max(1, len(looks)), "look")
        # no proxy: these are the lab's own services
        self._clients = {look.name: httpx.Client(base_url=look.url, timeout=deadline, trust_env=False) for look in looks}
        self._running: dict[str, Future[list[Metric]]] = {}
        self._begins = Lock()

    def collect(self) -> Iterator[Metric]:
        """For a registry of prometheus_client."""
        started = time.monotonic()
        begun = [(look, self._begin(look)) for look in self.looks]
        for look, future in begun:
            found: list[Metric] = []
            with suppress(Exception):  # whatever is wrong there, the answer is that it is not up
                found = future.result(max(0.0, self.deadline - (time.monotonic() - started)))
            yield GaugeMetricFamily(f"{look.name}_up", "1 when it answered in time, and with sense.", value=float(bool(found)))
            yield from found

    def _begin(self, look: Look) -> "Future[list[Metric]]":
        """The look of another scrape while that still waits for an answer: they must not pile up, and its answer serves both."""
        with self._begins:
            running = self._running.get(look.name)
            if not running or running.done():
                running = self._running[look.name] = self._pool.submit(self._look, look)
            return running

    def _look(self, look: Look) -> list[Metric]:
        started = time.monotonic()
        found = look.read(lambda path: self._clients[look.name].get(path).raise_for_status().json())
        probe = GaugeMetricFamily(f"{look.name}_probe_seconds", "Time that all questions of this look took.")
        probe.add_metric([], time.monotonic() - started)
        return [*found, probe]
