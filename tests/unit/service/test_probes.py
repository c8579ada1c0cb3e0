"""A scrape beside services that hang."""

import threading
import time

import pytest
from fastapi.testclient import TestClient

from lab.service.app import create_app
from lab.service.models import Readiness
from lab.settings import load_settings


@pytest.fixture
def hanging(rag):
    """The API while the look at the other services gets no answer, and what ends this."""
    free = threading.Event()

    def probe(settings) -> Readiness:
        free.wait(20)
        return Readiness(status="not ready", checks={"chroma": "away"})

    with TestClient(create_app(load_settings(), rag.open, probe)) as api:
        yield api, free
        free.set()


def test_a_scrape_does_not_wait_for_services_that_hang(hanging):
    api, _ = hanging
    started = time.monotonic()
    assert "rag_queries_total" in api.get("/metrics").text
    assert time.monotonic() - started < 4  # as long as Prometheus waits; the look would take 20


def test_a_look_that_a_scrape_did_not_wait_for_goes_on_and_the_next_scrape_shows_it(hanging, wait_until):
    api, free = hanging
    assert "rag_dependency_up{" not in api.get("/metrics").text
    free.set()
    look = api.app.state.look._running
    wait_until(look.done, "the look of the first scrape")
    assert 'rag_dependency_up{dependency="chroma"} 0.0' in api.app.state.metrics.text().decode()
