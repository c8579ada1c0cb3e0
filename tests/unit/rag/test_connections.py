"""Calls of the model server: counted however they end, and with the id of the request that they are for."""

import httpx
import ollama
import pytest

from lab.errors import ServiceError
from lab.observe import current
from lab.observe.log import request_id
from lab.observe.metrics import Metrics
from lab.rag.chat_model import chat_model
from lab.rag.connections import model_call, ollama_client
from lab.settings import load_settings

SETTINGS = load_settings()


@pytest.fixture
def metrics():
    own = Metrics()
    token = current._current.set(own)
    yield own
    current._current.reset(token)


def sent_by(client: ollama.Client) -> httpx.Headers:
    """The headers of a request that it makes."""
    seen: list[httpx.Request] = []
    client._client._transport = httpx.MockTransport(lambda request: seen.append(request) or httpx.Response(200, json={"models": []}))
    client.list()
    return seen[0].headers


@pytest.mark.parametrize("make", [ollama_client, lambda settings: chat_model(settings)._client], ids=["embeddings", "chat"])
def test_the_model_server_is_told_for_which_request_it_works(make):
    token = request_id.set("mine")
    try:
        assert sent_by(make(SETTINGS))["X-Request-ID"] == "mine"
    finally:
        request_id.reset(token)
    assert "X-Request-ID" not in sent_by(make(SETTINGS))


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(httpx.ConnectError("refused"), "error"), (httpx.ReadTimeout("late"), "timeout"), (ollama.ResponseError("no", 500), "error")],
)
def test_a_call_that_fails_is_counted_by_how_it_failed(metrics, error, outcome):
    with pytest.raises(ServiceError), model_call(SETTINGS, "a-model", "chat"):
        raise error
    assert metrics.registry.get_sample_value("rag_llm_calls_total", {"kind": "chat", "outcome": outcome}) == 1


def test_a_call_that_nobody_waits_for_any_more_is_cancelled(metrics):
    def words():
        with model_call(SETTINGS, "a-model", "chat"):
            yield "It "
            yield "stays."

    made = words()
    next(made)
    made.close()
    assert metrics.registry.get_sample_value("rag_llm_calls_total", {"kind": "chat", "outcome": "cancelled"}) == 1
