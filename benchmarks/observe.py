"""What counting costs: for one question, and for one scrape; in one process, and with the files that several processes share.

`python -m benchmarks.observe` prints the figures of one process; PROMETHEUS_MULTIPROC_DIR decides which kind it is.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

from benchmarks.measure import Row, spread

ROUNDS = 30
QUESTIONS = 20  # in each round
SAID = {"prompt_eval_count": 400, "eval_count": 60, "eval_duration": 2_000_000_000, "load_duration": 0}


def rows() -> Iterator[Row]:
    """Milliseconds of one question; kilobytes and milliseconds of a scrape."""
    for about, figures in (("one process", _measured({})), ("several processes", _several())):
        questions, scrapes, size = figures["questions"], figures["scrapes"], figures["bytes"]
        note = f"{spread(questions)} ms, {about}"
        yield Row(f"observe: counting one question, {about}", statistics.median(questions), 1, "at most", unit="ms of CPU", note=note)
        note = f"{size} bytes, {spread(scrapes)} ms, {about}"
        yield Row(f"observe: size of a scrape, {about}", size / 1000, 100, "at most", unit="kB", note=note)
        yield Row(f"observe: time of a scrape, {about}", statistics.median(scrapes), 100, "at most", unit="ms of CPU", note=note)


def _several() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return _measured({"PROMETHEUS_MULTIPROC_DIR": folder})


def _measured(variables: dict[str, str]) -> dict[str, Any]:
    """Of a process of its own: prometheus_client looks at the variable only once."""
    command = [sys.executable, "-m", "benchmarks.observe"]
    done = subprocess.run(command, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout))


def measure(rounds: int = ROUNDS) -> dict[str, Any]:
    """Milliseconds of the processor for a question and for a scrape in each round, and the bytes of the last scrape."""
    from lab.observe.metrics import Metrics

    metrics = Metrics()
    count_question(metrics)
    questions = [_cpu(lambda: _count_some(metrics)) / QUESTIONS for _ in range(rounds)]
    scrapes = [_cpu(metrics.text) for _ in range(rounds)]
    return {"questions": questions, "scrapes": scrapes, "bytes": len(metrics.text())}


def _cpu(work: Callable[[], Any]) -> float:
    """Not by the clock on the wall: what is measured is shorter than what a busy machine does in between."""
    started = time.process_time()
    work()
    return 1000 * (time.process_time() - started)


def _count_some(metrics: Any) -> None:
    for _ in range(QUESTIONS):
        count_question(metrics)


def count_question(metrics: Any) -> None:
    """All that is counted for a question over HTTP that is answered by the model; the work itself is left out."""
    from lab.rag.answer import Answer
    from lab.rag.retrieve import Query
    from lab.rag.search import Found
    from lab.rag.trace import Trace
    from lab.service.way import Way

    metrics.in_flight.inc()
    metrics.questions(1, 0)
    with metrics.rag.query():
        way = Way(metrics.rag)
        for stage in ("search", "embed", "search"):
            with way.clock.stage(stage), metrics.rag.call("embed"):
                pass
        way.see(Found(cast(Query, None), [], Trace("", supported=[True, True, False])))
        with way.clock.stage("generate"), metrics.rag.call("chat") as call:
            for _ in range(SAID["eval_count"]):
                way.see("word")
            call.results.append(SAID)
        with way.clock.stage("ground"):
            pass
        way.see(Answer("", "", "grounded"))
        way.end()
    metrics.questions(0, 0)
    metrics.in_flight.dec()
    metrics.saw("/query", "POST", 200, 1.0)


if __name__ == "__main__":
    print(json.dumps(measure()))
