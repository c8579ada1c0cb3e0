"""/query, /index and /documents over a real lab: Chroma, an engine with models, and a server that clients can leave."""

import json
import runpy
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import schemathesis
from fastapi.testclient import TestClient

from lab.rag.pipeline import Rag
from lab.service.app import create_app
from lab.service.server import Server
from lab.settings import Settings, load_settings

CONTRACT = runpy.run_path(str(Path(__file__).parents[2] / "unit" / "service" / "contract.py"))
DOCUMENTS = [
    {"id": "chroma.md", "text": "# Chroma\n\nChroma listens on port 8000.", "metadata": {"year": 2025}},
    {"id": "ollama.md", "text": "# Ollama\n\nOllama listens on port 11434.", "metadata": {"year": 2026, "author": "Ann"}},
]
ASKED = {"query": "Which port does Chroma listen on?"}


@pytest.fixture(scope="module")
def own(running_lab: Settings) -> Settings:
    return load_settings(**{**running_lab.model_dump(), "collection": "endpoints"})


@pytest.fixture(scope="module")
def api(own: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(own)) as client:
        assert client.post("/index", json={"documents": DOCUMENTS}).json()["indexed"] == 2
        yield client


def test_an_answer_names_the_passage_and_its_similarity(api):
    answer = api.post("/query", json=ASKED).json()
    first = answer["sources"][0]
    assert ("8000" in answer["answer"], first["metadata"]["source"], first["cited"]) == (True, "chroma.md", True)
    assert 0.5 < first["score"] <= 1


def test_filters_by_own_fields_reach_chroma(api):
    for filters, found in ({"year": 2026}, ["ollama.md"]), ({"year": [2025.0, "x"], "source": "chroma.md"}, ["chroma.md"]):
        answer = api.post("/query", json={**ASKED, "filters": filters}).json()
        assert [one["metadata"]["source"] for one in answer["sources"]] == found


def test_events_come_in_order(api):
    answer = api.post("/query", json={**ASKED, "stream": True}, headers={"Cache-Control": "no-cache"})
    names = [line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event: ")]
    assert (names[0], set(names[1:-1]), names[-1]) == ("sources", {"token"}, "answer")


def test_other_metadata_replaces_a_document_in_chroma(api):
    for metadata in ({"a": 1, "b": "x"}, {"a": 2}):
        sent = {"documents": [{"id": "other", "text": "Redis listens on port 6379.", "metadata": metadata}], "collection_name": "replaced"}
        assert api.post("/index", json=sent).json()["indexed"] == 1
    listed = api.get("/documents", params={"collection_name": "replaced"}).json()["documents"]
    assert [(one["chunks"], one["metadata"]) for one in listed] == [(1, {"a": 2})]
    assert api.delete("/documents/other", params={"collection_name": "replaced"}).json()["chunks"] == 1
    assert api.get("/documents", params={"collection_name": "replaced"}).json()["documents"] == []


def test_requests_made_up_from_the_description_meet_documented_answers_of_a_real_pipeline(own):
    settings = load_settings(**{**own.model_dump(), "collection": "contract", "num_predict": 8})
    app = create_app(settings, queue=CONTRACT["PretendedQueue"]())
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.app = app
    report = CONTRACT["run"](app, list(CONTRACT["jobs"](schema, 12)))
    assert report.failures == {}
    assert report.cases.total() >= 100
    assert max(report.statuses) < 500


@pytest.fixture
def served(own: Settings, free_port) -> Iterator[tuple[str, Server]]:
    """The API on a port; its answers are long: the model has to list a thousand numbers."""
    settings = load_settings(**{**own.model_dump(), "num_predict": 3000, "num_ctx": 4096})
    numbers = {"type": "array", "items": {"type": "integer", "minimum": 100000, "maximum": 999999}, "minItems": 1000}

    def wordy(settings: Settings) -> Rag:
        rag = Rag.open(settings)
        first, last = rag.generator.chain.first, rag.generator.chain.last
        rag.generator.__dict__["chain"] = first | last.bind(format=numbers)
        return rag

    server = Server(create_app(settings, wordy), settings, "127.0.0.1", port := free_port())
    thread = threading.Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{port}", server
    server.should_exit = True
    thread.join(60)


def _busy(own: Settings) -> bool:
    """The engine answers one request at a time: another one waits while it writes."""
    asked = {"model": own.chat_model, "prompt": "Hi", "stream": False, "options": {"num_predict": 1, "num_ctx": 4096}}
    try:
        return not httpx.post(f"{own.ollama_host}/api/generate", json=asked, timeout=2, trust_env=False).is_success
    except httpx.ReadTimeout:
        return True


def test_a_client_that_leaves_ends_the_generation_and_frees_its_place(api, own, served, wait_until):
    address, server = served
    wait_until(lambda: server.started, "the API", 30)
    with (
        httpx.Client(trust_env=False, timeout=60) as client,
        client.stream("POST", f"{address}/query", json={**ASKED, "stream": True}) as said,
    ):
        lines = said.iter_lines()
        assert next(line for line in lines if line == "event: token")
        assert json.loads(next(lines).removeprefix("data: "))["draft"]
        assert (server.gate.running, _busy(own)) == (1, True)
    wait_until(lambda: server.gate.running == 0, "the place at the gate", 15)
    assert not _busy(own)
