import json

import pytest

from lab.errors import InputError, ServiceError
from lab.rag.pipeline import Rag

ASKED = {"query": "Which port does Chroma listen on?"}


def events(answer):
    assert answer.headers["content-type"].startswith("text/event-stream")
    parts = [part for part in answer.text.split("\n\n") if part and not part.startswith(":")]
    lines = [dict(line.split(": ", 1) for line in part.splitlines()) for part in parts]
    return [(line["event"], json.loads(line["data"])) for line in lines]


@pytest.mark.parametrize("how", [{"json": {**ASKED, "stream": True}}, {"json": ASKED, "headers": {"Accept": "text/event-stream"}}])
def test_a_stream_shows_sources_then_a_draft_then_the_checked_answer(filled, how):
    told = events(filled.post("/query", **how))
    assert [name for name, _ in told] == ["sources", "token", "token", "answer"]
    assert "".join(data["draft"] for name, data in told if name == "token") == "Chroma listens on port 8000."
    whole = filled.post("/query", json=ASKED).json()
    assert {**told[-1][1], "timings": {}, "processing_time": 0} == {**whole, "timings": {}, "processing_time": 0}
    assert [one["content"] for one in told[0][1]] == [one["content"] for one in whole["sources"]]


def test_nothing_may_keep_a_stream(filled):
    assert filled.post("/query", json={**ASKED, "stream": True}).headers["cache-control"] == "no-store"


def test_what_fails_before_the_first_event_has_its_status(filled):
    assert filled.post("/query", json={**ASKED, "stream": True, "collection_name": "nowhere"}).status_code == 404
    assert filled.post("/query", json={**ASKED, "stream": True, "filters": {"autor": "Ann"}}).status_code == 422


@pytest.mark.parametrize(
    ("error", "status"),
    [(ServiceError("http://ollama:11434 broke off"), 503), (InputError("Too long."), 422), (RuntimeError("secret"), 500)],
)
def test_what_fails_later_is_an_event(filled, monkeypatch, error, status):
    def broken(self, *given):
        raise error

    monkeypatch.setattr(Rag, "_checked", broken)
    told = events(filled.post("/query", json={**ASKED, "stream": True}))
    assert [name for name, _ in told] == ["sources", "token", "token", "error"]
    assert told[-1][1]["status"] == status
    assert not any(word in str(told[-1]) for word in ("11434", "secret"))


def test_after_a_failure_the_next_question_is_answered(filled, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Rag, "_checked", lambda self, *given: 1 / 0)
        filled.post("/query", json={**ASKED, "stream": True})
    assert filled.app.state.gate.running == 0
    assert filled.post("/query", json=ASKED).status_code == 200
