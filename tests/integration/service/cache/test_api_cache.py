"""The cache in the API, over a real Chroma and a real engine: never an answer of an older index, within the stated bound."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from lab.rag.pipeline import Rag
from lab.service.app import create_app
from lab.service.cache.generation import BOUND
from lab.service.gate import Gate
from lab.settings import Settings, load_settings

QUESTION = {"query": "Which colour does the lamp of the harbour have?", "top_k": 3}


@pytest.fixture
def api(running_lab: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(load_settings(collection="cached"))) as client:
        tell(client, "red")
        yield client
        Rag.open(load_settings(collection="cached")).store.drop()


def tell(api: TestClient, colour: str) -> None:
    body = {"text": f"# Harbour\n\nThe lamp of the harbour has the colour {colour}, and it can be seen at night.", "source": "lamp.md"}
    api.post("/ingest", json=body).raise_for_status()


def ask(api: TestClient, **headers: str) -> dict[str, Any]:
    answer = api.post("/query", json=QUESTION, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer.raise_for_status()
    return dict(answer.json())


def test_the_second_question_is_a_hit_that_needs_neither_gate_nor_pipeline(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ask(api)
    monkeypatch.setattr(Gate, "run", None)
    again = ask(api)
    assert (first["cached"], again["cached"], "red" in again["answer"]) == (False, "memory", True)
    assert {name: again[name] for name in first if name not in ("cached", "processing_time")} == {
        name: first[name] for name in first if name not in ("cached", "processing_time")
    }
    assert again["processing_time"] < first["processing_time"]


def test_after_an_ingest_through_the_api_the_next_question_sees_the_new_text(api: TestClient) -> None:
    for colour in ("green", "blue", "white"):
        ask(api)
        tell(api, colour)
        assert colour in ask(api)["answer"]


def test_after_a_delete_the_next_question_does_not_see_the_text(api: TestClient) -> None:
    ask(api)
    assert api.delete("/documents/lamp.md", params={"folder": "(texts)"}).status_code == 200
    assert "red" not in api.post("/query", json=QUESTION).text


def test_an_ingest_elsewhere_is_seen_within_the_bound(api: TestClient) -> None:
    ask(api)
    assert ask(api)["cached"] == "memory"
    Rag.open(load_settings(collection="cached")).ingest_text("# Harbour\n\nThe lamp of the harbour has the colour violet.", "lamp.md")
    written = time.monotonic()
    while "violet" not in (answer := ask(api))["answer"]:
        assert answer["cached"] == "memory"  # what is not new comes from the cache
        assert time.monotonic() < written + BOUND + 0.5
    assert time.monotonic() - written < BOUND + answer["processing_time"] + 0.5


def test_a_client_may_ask_for_a_new_answer(api: TestClient) -> None:
    ask(api)
    assert ask(api, cache_control="no-cache")["cached"] is False
    assert ask(api)["cached"] == "memory"
    assert ask(api, cache_control="no-store")["cached"] is False


def test_both_forms_of_rag_share_answers_but_not_with_query(api: TestClient) -> None:
    ask(api)
    one = api.post("/rag", json={"query": QUESTION["query"]})
    two = api.get("/rag", params={"query": QUESTION["query"]})
    assert (one.headers.get("x-cache"), two.headers.get("x-cache"), one.json() == two.json()) == (None, "memory", True)
    assert set(two.json()) == {"answer", "sources", "state"}


def test_a_streamed_answer_is_kept_and_a_kept_answer_can_be_streamed(api: TestClient) -> None:
    def events() -> list[tuple[str, Any]]:
        text = api.post("/query", json={**QUESTION, "stream": True}).text
        parts = [block.split("\n") for block in text.strip().split("\n\n") if block.startswith("event:")]
        return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in parts]

    first, again = events(), events()
    assert [name for name, _ in again] == ["sources", "answer"]
    assert (first[-1][1]["cached"], again[-1][1]["cached"]) == (False, "memory")
    assert first[-1][1]["answer"] == again[-1][1]["answer"] == ask(api)["answer"]
    assert [found["content"] for found in first[0][1]] == [found["content"] for found in again[0][1]]


def test_an_unknown_collection_is_told_each_time_and_never_kept(api: TestClient) -> None:
    told = [api.post("/query", json={**QUESTION, "collection_name": "nowhere-at-all"}) for _ in range(2)]
    assert told[0].status_code == told[1].status_code >= 400
    assert api.app.state.cache.get_stats()["stores"] == 0  # type: ignore[attr-defined]
