"""Questions that do not end well are counted too, and the line of a request says how its question ended."""

import asyncio
import io
import json
import logging
import subprocess
import threading
from shutil import which

import pytest
from fastapi.testclient import TestClient

from lab.errors import ServiceError
from lab.observe import log
from lab.service.app import create_app
from lab.service.models import Readiness
from lab.service.way import Way
from lab.settings import load_settings

QUESTION = {"query": "Where did Ada Lovelace live?"}


@pytest.fixture
def api_with(rag):
    """Gives the API over the pretended pipeline, with these settings; its metrics are `app.state.metrics`."""

    def make(**values) -> TestClient:
        app = create_app(load_settings(**values), rag.open, lambda settings: Readiness(status="ready", checks={}))
        return TestClient(app, raise_server_exceptions=False)

    return make


@pytest.fixture
def written(monkeypatch):
    """What is logged from here on, as bytes."""
    root, raw = logging.getLogger(), io.BytesIO()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(log, "access", log.access)
    stream = io.TextIOWrapper(raw, write_through=True)
    log.configure(stream)
    yield raw
    root.handlers[:] = handlers
    root.setLevel(level)
    stream.detach()


def count(client, name, **labels):
    return client.app.state.metrics.registry.get_sample_value(name, labels)


def test_a_service_that_is_away_is_an_error_of_the_search(api_with, rag):
    rag.fails = ServiceError("Chroma does not answer.")
    with api_with() as api:
        assert api.post("/query", json=QUESTION).status_code == 503
    assert count(api, "rag_queries_total", status="error") == 1
    assert count(api, "rag_query_duration_seconds_count", component="total", status="error") == 1


def test_a_mistake_in_the_code_is_counted_as_an_error_too(api_with, rag):
    rag.fails = KeyError("nobody foresaw this")
    with api_with() as api:
        assert api.post("/rag", json=QUESTION).status_code == 500
    assert count(api, "rag_queries_total", status="error") == 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_question_that_takes_too_long_is_a_timeout_at_once(api_with, rag, stream):
    held = threading.Event()
    rag.during = lambda: held.wait(20)
    with api_with(api_time_limit=0.2) as api:
        assert api.post("/query", json={**QUESTION, "stream": stream}).status_code == 504
        found = count(api, "rag_queries_total", status="timeout")
        held.set()
    assert found == 1


def test_a_question_that_found_the_line_full_is_busy(api_with, rag):
    held, met = threading.Event(), threading.Event()
    rag.during = lambda: (met.set(), held.wait(20))
    with api_with(api_concurrency=1, api_queue=0) as api:
        first = threading.Thread(target=lambda: api.post("/query", json=QUESTION))
        first.start()
        assert met.wait(10)
        assert count(api, "rag_questions_running") == 1
        assert [api.post("/query", json={"query": "And you?", "stream": stream}).status_code for stream in (False, True)] == [503, 503]
        held.set()
        first.join(10)
    assert (count(api, "rag_queries_total", status="busy"), count(api, "rag_questions_refused_total")) == (2, 2)
    assert count(api, "rag_queries_total", status="success") == 1
    assert count(api, "rag_questions_running") == 0


def test_a_kept_answer_is_no_further_question(api_with):
    with api_with() as api:
        for stream in (False, False, True):
            api.post("/query", json={**QUESTION, "stream": stream})
    kept = count(api, "rag_cache_events_total", level="memory", event="hit")
    assert count(api, "rag_queries_total", status="success") == 3 - kept


def test_the_line_of_a_request_has_model_tokens_and_times_and_no_question(api_with, written):
    with api_with() as api:
        api.post("/query", json=QUESTION, headers={"X-Request-ID": "mine"})
    (line,) = [one for one in map(json.loads, written.getvalue().splitlines()) if one["event"] == "request"]
    assert line["request_id"] == "mine"
    assert (line["outcome"], line["state"], line["tokens"]) == ("success", "grounded", {"prompt": 30, "completion": 4})
    assert line["timings"]["total"] >= 0
    assert "Lovelace" not in written.getvalue().decode()


@pytest.mark.parametrize(("error", "status"), [(asyncio.CancelledError(), "cancelled"), (ServiceError("It broke off."), "error")])
def test_the_stage_that_an_error_ended_has_its_status_and_those_before_it_were_good(rag, api_with, error, status):
    metrics = api_with().app.state.metrics
    way = Way(metrics.rag)
    with way.clock.stage("search"):
        way.see(next(rag.steps("Does it stay?")))
    with pytest.raises(type(error)), way.clock.stage("generate"):
        raise error
    way.end(error)
    value = metrics.registry.get_sample_value
    assert value("rag_query_duration_seconds_count", {"component": "retrieve", "status": "success"}) == 1
    assert value("rag_query_duration_seconds_count", {"component": "generate", "status": status}) == 1
    assert value("rag_query_duration_seconds_count", {"component": "ground", "status": status}) is None


def test_prometheus_own_check_finds_nothing_wrong(api_with, rag):
    if not (promtool := which("promtool")):
        pytest.skip("promtool is not installed: `apt install prometheus`, or your system's package, has it")
    with api_with() as api:
        for fails in (None, ServiceError("away")):
            rag.fails = fails
            api.post("/query", json={"query": f"Does it stay? {fails}"})
            api.post("/ingest", json={"text": "A text.", "source": "one"})
        text = api.get("/metrics").text
    checked = subprocess.run([promtool, "check", "metrics"], input=text, text=True, capture_output=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
