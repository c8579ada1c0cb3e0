"""A rolling update of the API on a real Swarm while requests come: how many get no answer. Then: what a second copy brings."""

import statistics
import sys
import time
from collections.abc import Iterator
from itertools import count

from benchmarks.cluster import API, Cluster, cluster
from benchmarks.measure import Row
from lab.containers.engine import require_engine
from lab.containers.waiting import wait_until
from lab.course.closed_load import Load
from lab.errors import EngineError

REFUSED = "Who won the football match in Oslo?"  # embedded, searched for and refused: real work, and a quick answer
ANSWERED = "How do I keep models in a volume?"  # the chat model writes
LIMIT = 120  # seconds for an update of two copies
WHILE = 15  # seconds of questions for each number of copies


def rows() -> Iterator[Row]:
    """Requests lost and seconds of an update; answers a second with one copy and with two."""
    try:
        require_engine()
    except EngineError as error:
        print(f"rolling: left out, {error.what}", file=sys.stderr)
        return
    with cluster() as swarm:
        swarm.deploy("1")
        wait_until(lambda: swarm.runs("api", f"{API}:1", 2), "two copies of the API that are ready", 300)
        wait_until(lambda: swarm.ask(query=ANSWERED).json()["sources"], "an answer from the index", 240)
        yield from _update(swarm)
        yield _copies(swarm)


def _update(swarm: Cluster) -> Iterator[Row]:
    started = time.perf_counter()
    with Load(lambda: str(swarm.ask(query=REFUSED).json()["state"]), clients=3, seconds=2 * LIMIT) as load:
        swarm.deploy("2")
        wait_until(lambda: swarm.update_state() == "completed" and swarm.runs("api", f"{API}:2", 2), "the update", 2 * LIMIT)
        took = time.perf_counter() - started
    slowest = max(outcome.seconds for outcome in load.outcomes)
    note = f"{len(load.outcomes)} requests, {load.counts()}; the slowest {slowest:.2f} s"
    yield Row("rolling: requests lost during an update", load.failed, 0, "at most", unit="requests", note=note)
    yield Row("rolling: update of two copies", took, LIMIT, "at most", unit="s")


def _copies(swarm: Cluster) -> Row:
    """Questions that the model answers: it does one after the other, however many copies of the API wait for it."""
    rates, numbers = {}, count()  # no question twice: an answer that is kept asks no model
    for copies in (2, 1):
        swarm.node.docker("service", "scale", "--detach", f"lab_api={copies}")
        wait_until(lambda number=copies: swarm.runs("api", f"{API}:2", number), f"{copies} copies", 60)  # type: ignore[misc]
        with Load(lambda: str(swarm.ask(query=f"{ANSWERED} Case {next(numbers)}").json()["state"]), clients=4, seconds=WHILE) as load:
            time.sleep(WHILE)
        rates[copies] = sum(not one.failed for one in load.outcomes) / max(one.at + one.seconds for one in load.outcomes)
        median = statistics.median(one.seconds for one in load.outcomes)
        print(f"rolling: {copies} copies: {rates[copies]:.2f} answers a second, median {median:.2f} s", file=sys.stderr)
    note = f"{rates[2]:.2f} and {rates[1]:.2f} answers a second, one model server behind both"
    return Row("rolling: answers with two copies / one", rates[2] / rates[1], 1.5, "at most", note=note)
