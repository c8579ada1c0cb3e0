"""A worker's log holds no question and no document: only ids, names and numbers."""

import io
import json
import logging
from types import SimpleNamespace

import pytest

from lab.observe import log as observe
from lab.service.tasks import logs

SECRET = "Where did Ada Lovelace live?"


class Stream(io.StringIO):
    """Standard output as the log takes it."""

    buffer = io.BytesIO()


@pytest.fixture
def written(monkeypatch):
    """The lines that a worker writes from here on, as text."""
    root = logging.getLogger()
    before, level, stream = root.handlers[:], root.level, Stream()
    configure = observe.configure
    monkeypatch.setattr(observe, "configure", lambda: configure(stream))
    logs._configure()
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


@pytest.mark.parametrize(("name", "level"), [("celery.worker.strategy", logging.INFO), ("celery.app.trace", logging.ERROR)])
def test_celerys_lines_come_without_the_arguments_of_the_task(written, name, level):
    fields = {"name": "query_rag", "id": "1", "kwargs": f"{{'query': '{SECRET}'}}"}
    logging.getLogger(name).log(level, "Task %(name)s[%(id)s] received", fields, extra={"data": fields})
    assert json.loads(written.getvalue())["event"] == "Task query_rag[1] received"
    assert SECRET not in written.getvalue()


def test_fields_of_other_lines_stay(written):
    logging.getLogger("lab.worker").warning("task", extra={"data": 5})
    assert json.loads(written.getvalue())["data"] == 5


def test_the_line_of_a_task_has_what_was_noted_for_it_and_no_other_task(written):
    task = SimpleNamespace(name="rag_tasks.query_rag", request=SimpleNamespace(get=lambda name: "mine", retries=0))
    logs._begin("1", task)
    observe.note(tokens={"prompt": 30, "completion": 4})
    logs._end("1", task, "SUCCESS")
    logs._begin("2", task)
    logs._end("2", task, "SUCCESS")
    first, second = (json.loads(line) for line in written.getvalue().splitlines())
    assert (first["request_id"], first["tokens"]) == ("mine", {"prompt": 30, "completion": 4})
    assert "tokens" not in second
