"""A worker's log holds no question and no document: only ids, names and numbers."""

import io
import json
import logging

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
