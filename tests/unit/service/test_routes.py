import asyncio
import threading

import pytest

from lab.errors import InputError
from lab.service.routes import probes
from lab.service.routes import rag as rag_routes


def test_a_text_is_ingested_with_its_counts(api):
    answer = api.post("/ingest", json={"text": "A volume stays.", "source": "notes.md"})
    assert answer.status_code == 200
    assert answer.json() == {"status": "success", "message": "Ingested 2 chunks.", "chunks": 2, "new_chunks": 2}


def test_the_same_text_again_adds_nothing(api):
    first, second = (api.post("/ingest", json={"text": "A volume stays."}).json() for _ in range(2))
    assert (first["chunks"], first["new_chunks"]) == (2, 2)
    assert (second["chunks"], second["new_chunks"]) == (2, 0)


@pytest.mark.parametrize("body", [{}, {"text": None}, {"text": 7}, {"text": ["a"]}, {"source": "a"}, [], "text"])
def test_a_body_without_a_text_is_refused(api, body):
    answer = api.post("/ingest", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"]


def test_what_the_pipeline_refuses_is_told_to_the_caller(api, rag):
    rag.fails = InputError("The text is empty.", "Send one with words in it.")
    answer = api.post("/ingest", json={"text": "  "})
    assert (answer.status_code, answer.json()["detail"]) == (422, "The text is empty.")


@pytest.mark.parametrize("call", ["get", "post"])
def test_a_question_is_answered_with_its_sources(api, call):
    asked = {"query": "Does it stay?"}
    answer = api.get("/rag", params=asked) if call == "get" else api.post("/rag", json=asked)
    assert answer.json() == {
        "answer": "It stays.",
        "sources": [{"document": "volumes.md", "section": "Volumes > Removal", "text": "A named volume stays."}],
        "state": "grounded",
    }


@pytest.mark.parametrize("query", ["", "  ", "why " * 600])
def test_a_question_that_cannot_be_asked_is_refused(api, query):
    assert api.post("/rag", json={"query": query}).status_code == 422
    assert api.get("/rag", params={"query": query}).status_code == 422


def test_a_question_in_japanese_is_one(api):
    assert api.post("/rag", json={"query": "ボリュームは残りますか？"}).status_code == 200


@pytest.mark.parametrize(("path", "name"), [("/rag", "query"), ("/ingest", "text")])
def test_half_a_character_is_refused(api, path, name):
    answer = api.post(path, content=rf'{{"{name}": "\ud800"}}', headers={"Content-Type": "application/json"})
    assert (answer.status_code, "half a character" in answer.text) == (422, True)


def test_health_needs_nobody(api, rag, readiness):
    rag.fails = RuntimeError("everything is broken")
    readiness["chroma"] = "away"
    assert (api.get("/health").status_code, api.get("/health").json()) == (200, {"status": "alive"})


def test_ready_when_every_part_is(api):
    assert (api.get("/ready").status_code, api.get("/ready").json()["status"]) == (200, "ready")


def test_not_ready_names_the_part(api, readiness):
    readiness["chat_model"] = "missing"
    answer = api.get("/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
    assert answer.json()["checks"]["chat_model"] == "missing"


def test_nothing_that_waits_runs_on_the_event_loop(api, rag):
    routes = [*rag_routes.router.routes, *probes.router.routes]
    assert all(asyncio.iscoroutinefunction(route.endpoint) for route in routes)  # FastAPI's forty threads serve nobody who waits
    seen = []
    rag.during = lambda: seen.append(threading.current_thread())
    api.post("/rag", json={"query": "Where am I?"})
    assert seen[0].name.startswith("question")


def test_health_answers_while_questions_wait(api, rag):
    asked, free = threading.Event(), threading.Event()
    rag.during = lambda: (asked.set(), free.wait(10))
    question = threading.Thread(target=lambda: api.post("/rag", json={"query": "Why?"}))
    question.start()
    try:
        assert asked.wait(10)
        assert api.get("/health").status_code == 200
    finally:
        free.set()
        question.join()
