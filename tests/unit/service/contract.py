"""Part of the contract test: sends what schemathesis makes of the API's own description, and prints what came of it as JSON.

python contract.py CASES PART PARTS: a program of its own, so that the parts run on all cores. Real routes, gate, cache and pipelines
over a collection in memory; the models are pretended, so that an answer takes milliseconds.
"""

import json
import runpy
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.python import asgi
from schemathesis.specs.openapi.checks import positive_data_acceptance

from lab.rag.stores.memory import MemoryBackend
from lab.service.app import create_app
from lab.service.models import Readiness
from lab.service.models.tasks import BatchIssued, Progress, TaskIssued, TaskStatus
from lab.settings import load_settings

PRETENDED = runpy.run_path(str(Path(__file__).with_name("conftest.py")))
ROUND = 100  # cases of one operation before another one's turn; each round draws other values
ANEW = 25  # cases after which the collection is as at first: it would grow with each /index
# A description cannot say which fields documents have, or which words are blank: such requests are refused with 422, and should be.
LEFT_OUT = [positive_data_acceptance]


class PretendedQueue:
    """Every task is done as soon as it is told."""

    def __init__(self) -> None:
        self.issued: dict[str, str] = {}

    def ask(self, owner: str, *given: Any) -> TaskIssued:
        return TaskIssued(task_id=self._issue(owner))

    def index(self, owner: str, *given: Any) -> BatchIssued:
        part = self._issue(owner)
        return BatchIssued(task_id=self._issue(owner), task_ids=[part], task_count=1)

    def status(self, owner: str, task_id: str) -> TaskStatus | None:
        known = self.issued.get(task_id) == owner or len(task_id) % 2  # half of what a generator makes up
        return TaskStatus(task_id=task_id, status="running", progress=Progress(done=0, total=1)) if known else None

    cancel = status

    def _issue(self, owner: str) -> str:
        task_id = f"task-{len(self.issued)}"
        self.issued[task_id] = owner
        return task_id


def make_app() -> FastAPI:
    """The API over pretended models."""
    own = load_settings(vector_store="memory", lab_home=Path(tempfile.mkdtemp()), request_timeout=5)
    ready = Readiness(status="ready", checks={"chroma": "ok"})
    return create_app(own, PRETENDED["pretended"], lambda settings: ready, PretendedQueue())


class Report:
    """What came of the cases."""

    def __init__(self) -> None:
        self.cases: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.failures: dict[str, str] = {}

    def judge(self, case: Case, answer: Any) -> None:
        """Note the case; of failures of one kind, the first."""
        self.cases[case.operation.label] += 1
        self.statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, excluded_checks=LEFT_OUT)
        except FailureGroup as group:  # no Exception, as it may hold others
            found = group.exceptions
            self.failures.setdefault(f"{case.operation.label}: {[type(one).__name__ for one in found]}", "\n".join(map(str, found))[:3000])


def jobs(schema: Any, cases: int) -> Iterator[tuple[Any, GenerationMode, int]]:
    """Each operation in each mode, with its number of cases."""
    operations = [one.ok() for one in schema.get_all_operations()]
    for operation in operations:
        if any(operation.iter_parameters()) or operation.body:
            for start in range(0, cases, ROUND):
                mode = GenerationMode.NEGATIVE if start // ROUND % 3 == 2 else GenerationMode.POSITIVE  # the negative ones take longest
                yield operation, mode, min(ROUND, cases - start)
        else:
            yield operation, GenerationMode.POSITIVE, 1


def plain(case: Case, number: int) -> None:
    """Every second question and document is for the usual collection: others are not there most of the time."""
    left_out = ("collection_name", "filters")[: 1 + number % 4 // 3]
    if number % 2 and isinstance(case.body, dict):  # a copy: the generator may use parts of a body again
        case.body = {name: value for name, value in case.body.items() if name not in left_out}


def run(app: FastAPI, chosen: list[tuple[Any, GenerationMode, int]]) -> Report:
    """Send them, one after the other."""
    report, numbers = Report(), count()

    with asgi.get_client(app) as client:
        for turn, (operation, mode, cases) in enumerate(chosen):

            @seed(turn)
            @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
            @given(operation.as_strategy(generation_mode=mode))
            def send(case: Case) -> None:
                number = next(numbers)
                if number % ANEW == 0:
                    MemoryBackend.kept.clear()
                    client.post("http://testserver/index", json={"documents": PRETENDED["DOCUMENTS"]})
                if case.meta.generation.mode == GenerationMode.POSITIVE:
                    plain(case, number)
                report.judge(case, case.call(session=client, app=app))

            send()
    return report


def main(cases: int, part: int, parts: int) -> None:
    """Every so many-th job."""
    app = make_app()
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.app = app
    report = run(app, list(jobs(schema, cases))[part::parts])
    print(json.dumps({"cases": report.cases, "statuses": report.statuses, "failures": report.failures}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
