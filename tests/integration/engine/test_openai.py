"""The OpenAI-compatible routes."""

import base64
import json
from typing import Any

import numpy as np
import pytest

CHAT = "smollm2:135m"
HELLO = [{"role": "user", "content": "Say hello."}]
SHORT: dict[str, Any] = {"model": CHAT, "max_tokens": 5, "temperature": 0}


def events(answer: Any) -> list[Any]:
    """The data of server-sent events; the last is the text [DONE]."""
    found = [line.removeprefix("data: ") for line in answer.text.splitlines() if line]
    return [json.loads(item) if item != "[DONE]" else item for item in found]


def test_a_chat_completion_has_openais_form(engine: Any) -> None:
    answer = engine.post("/v1/chat/completions", messages=HELLO, **SHORT).json()
    assert set(answer) == {"id", "object", "created", "model", "system_fingerprint", "choices", "usage"}
    assert (answer["object"], answer["model"], answer["system_fingerprint"]) == ("chat.completion", CHAT, "fp_ollama")
    (choice,) = answer["choices"]
    assert (choice["index"], choice["finish_reason"], choice["message"]["role"]) == (0, "length", "assistant")
    assert answer["usage"]["completion_tokens"] == 5
    assert answer["usage"]["total_tokens"] == answer["usage"]["prompt_tokens"] + 5


def test_a_streamed_chat_ends_with_usage_and_done(engine: Any) -> None:
    answer = engine.post("/v1/chat/completions", messages=HELLO, stream=True, stream_options={"include_usage": True}, **SHORT)
    assert answer.headers["content-type"].startswith("text/event-stream")
    *parts, finish, usage, done = events(answer)
    assert [part["choices"][0]["delta"].get("role") for part in parts] == ["assistant"] + [None] * (len(parts) - 1)
    assert (finish["choices"][0]["delta"], finish["choices"][0]["finish_reason"]) == ({}, "length")
    assert (usage["choices"], usage["usage"]["completion_tokens"], done) == ([], 5, "[DONE]")
    whole = engine.post("/v1/chat/completions", messages=HELLO, **SHORT).json()
    assert "".join(part["choices"][0]["delta"]["content"] for part in parts) == whole["choices"][0]["message"]["content"]


def test_content_may_come_in_parts(engine: Any) -> None:
    parts = [{"type": "text", "text": "Say "}, {"type": "text", "text": "hello."}]
    answers = [
        engine.post("/v1/chat/completions", messages=[{"role": "user", "content": content}], **SHORT).json()["choices"]
        for content in (parts, "Say hello.")
    ]
    assert answers[0] == answers[1]


def test_a_json_schema_is_obeyed(engine: Any) -> None:
    schema = {"type": "object", "properties": {"sure": {"type": "boolean"}}, "required": ["sure"]}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    body = {**SHORT, "max_tokens": 20}
    answer = engine.post("/v1/chat/completions", messages=HELLO, response_format=form, **body).json()
    assert isinstance(json.loads(answer["choices"][0]["message"]["content"])["sure"], bool)


def test_a_completion_continues_text(engine: Any) -> None:
    answer = engine.post("/v1/completions", prompt="Say hello.", **SHORT).json()
    assert answer["object"] == "text_completion"
    assert set(answer["choices"][0]) == {"text", "index", "finish_reason"}
    *parts, _, done = events(engine.post("/v1/completions", prompt="Say hello.", stream=True, **SHORT))
    assert "".join(part["choices"][0]["text"] for part in parts) == answer["choices"][0]["text"]
    assert done == "[DONE]"


def test_a_stop_text_may_be_one_string(engine: Any) -> None:
    whole = engine.post("/v1/completions", prompt="Say hello.", **SHORT).json()["choices"][0]["text"]
    cut = engine.post("/v1/completions", prompt="Say hello.", stop=whole.split()[-1], **SHORT).json()["choices"][0]
    assert cut["finish_reason"] == "stop"
    assert whole.startswith(cut["text"])


def test_embeddings_are_numbers_or_base64(engine: Any) -> None:
    numbers = engine.post("/v1/embeddings", model="all-minilm", input=["a", "b"]).json()
    coded = engine.post("/v1/embeddings", model="all-minilm", input=["a", "b"], encoding_format="base64").json()
    assert [item["index"] for item in numbers["data"]] == [0, 1]
    assert numbers["usage"] == {"prompt_tokens": 6, "total_tokens": 6}
    decoded = np.frombuffer(base64.b64decode(coded["data"][0]["embedding"]), dtype="<f4")
    assert decoded == pytest.approx(numbers["data"][0]["embedding"], abs=1e-6)


def test_models_are_listed_and_found_by_name(engine: Any) -> None:
    listed = engine.http.get("/v1/models").json()
    assert listed["object"] == "list"
    one = engine.http.get(f"/v1/models/{CHAT}").json()
    assert one in listed["data"]
    assert (one["id"], one["object"], one["owned_by"]) == (CHAT, "model", "library")


@pytest.mark.parametrize(
    ("path", "body", "status", "kind", "message"),
    [
        ("chat/completions", {"model": "zz", "messages": HELLO}, 404, "not_found_error", "model 'zz' not found"),
        ("chat/completions", {"model": CHAT, "messages": []}, 400, "invalid_request_error", "[] is too short - 'messages'"),
        ("chat/completions", {"messages": HELLO}, 400, "invalid_request_error", "model is required"),
        ("embeddings", {"model": "all-minilm", "input": ""}, 400, "invalid_request_error", "invalid input"),
        ("embeddings", {"model": "zz", "input": "x"}, 404, "not_found_error", 'model "zz" not found, try pulling it first'),
    ],
)
def test_errors_have_openais_form(engine: Any, path: str, body: dict[str, Any], status: int, kind: str, message: str) -> None:
    answer = engine.post(f"/v1/{path}", **body)
    assert answer.status_code == status
    assert answer.json() == {"error": {"message": message, "type": kind, "param": None, "code": None}}


def test_a_missing_model_is_an_error_in_openais_form(engine: Any) -> None:
    answer = engine.http.get("/v1/models/zz")
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found_error")


def test_a_body_that_is_no_chat_is_refused(engine: Any) -> None:
    for messages in ("hi", [3], [{"role": "user", "content": [{"type": "image_url"}]}], [{"role": "user", "content": 3}]):
        answer = engine.post("/v1/chat/completions", model=CHAT, messages=messages)
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")
