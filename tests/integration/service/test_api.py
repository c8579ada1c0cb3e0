from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from lab.service.app import create_app
from lab.settings import Settings, load_settings

COMPOSE = "# Compose\n\nDocker Compose starts several containers with one command. Its file is called compose.yaml.\n"


@pytest.fixture(scope="module")
def own(running_lab: Settings) -> Settings:
    return load_settings(**{**running_lab.model_dump(), "collection": "api-test"})


@pytest.fixture(scope="module")
def api(own: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(own)) as client:
        yield client


@pytest.fixture
def api_without(own: Settings, free_port):
    """Gives an API for which one of its services is away."""

    def make(**values) -> TestClient:
        return TestClient(create_app(load_settings(**{**own.model_dump(), **values})))

    return make


def test_a_text_is_ingested_once_and_answers_a_question(api):
    sent = {"text": COMPOSE, "source": "compose.md"}
    first, again = (api.post("/ingest", json=sent).json() for _ in range(2))
    assert (first["message"], first["new_chunks"]) == ("Ingested 1 chunks.", 1)
    assert (again["chunks"], again["new_chunks"]) == (1, 0)
    answer = api.post("/rag", json={"query": "What is the file of Docker Compose called?"}).json()
    assert answer["sources"][0]["document"] == "compose.md"
    assert "compose.yaml" in answer["answer"]


def test_a_new_text_replaces_the_one_from_the_same_source(api):
    for port in (4711, 6379):
        api.post("/ingest", json={"text": f"Redis listens on port {port}.", "source": "redis"})
    answer = api.get("/rag", params={"query": "Which port does Redis listen on?"}).json()
    assert ("6379" in answer["answer"], "4711" in str(answer)) == (True, False)


def test_what_no_text_answers_is_refused(api):
    api.post("/ingest", json={"text": COMPOSE, "source": "compose.md"})
    answer = api.post("/rag", json={"query": "What is the capital of Portugal?"}).json()
    assert (answer["state"], answer["sources"]) == ("refused", [])


def test_a_blank_text_is_refused(api):
    assert api.post("/ingest", json={"text": " \n"}).status_code == 422


def test_ready_with_both_services_and_models(api):
    assert api.get("/ready").json()["checks"] == {"chroma": "ok", "ollama": "ok", "chat_model": "ok", "embed_model": "ok"}


def test_a_model_that_nobody_has_pulled_is_missing(api_without):
    with api_without(chat_model="nowhere") as api:
        answer = api.get("/ready")
    assert (answer.status_code, answer.json()["checks"]["chat_model"]) == (503, "missing")


def test_without_chroma_the_api_starts_and_says_so(api_without, free_port):
    with api_without(chroma_port=free_port()) as api:
        assert api.get("/health").status_code == 200
        assert api.get("/ready").json()["checks"]["chroma"] == "away"
        answer = api.post("/rag", json={"query": "Which port?"})
    assert (answer.status_code, "GET /ready" in answer.json()["detail"]) == (503, True)


def test_without_the_model_server_the_api_starts_and_says_so(api_without, free_port):
    with api_without(ollama_host=f"http://127.0.0.1:{free_port()}") as api:
        assert api.get("/ready").json()["checks"]["ollama"] == "away"
        assert api.post("/ingest", json={"text": COMPOSE}).status_code == 503


def test_a_service_that_takes_too_long_is_a_timeout(api_without, api):
    api.post("/ingest", json={"text": COMPOSE, "source": "compose.md"})
    with api_without(request_timeout=0.001) as slow:
        assert slow.post("/rag", json={"query": "What is Compose?"}).status_code == 504
