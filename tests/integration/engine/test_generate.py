"""Answers: streamed and whole, with options, formats and long prompts."""

import json
import re
from collections.abc import Callable
from typing import Any

import ollama
import pytest

CHAT = "smollm2:135m"
SHORT = {"num_predict": 6, "temperature": 0}
COUNTERS = {"total_duration", "load_duration", "prompt_eval_count", "prompt_eval_duration", "eval_count", "eval_duration"}
SCHEMA = {
    "type": "object",
    "properties": {"capital": {"type": "string", "maxLength": 20}, "sure": {"type": "boolean"}},
    "required": ["capital", "sure"],
}
HELLO = [{"role": "user", "content": "Say hello."}]


def test_a_streamed_answer_ends_with_its_counters(engine: Any, lines: Callable[..., Any]) -> None:
    answer = engine.post("/api/generate", model=CHAT, prompt="Say hello.", options=SHORT)
    assert answer.headers["content-type"] == "application/x-ndjson"
    *parts, last = lines(answer)
    assert all(set(part) == {"model", "created_at", "response", "done"} for part in parts)
    assert set(last) == {"model", "created_at", "response", "done", "done_reason", "context"} | COUNTERS
    assert (last["response"], last["done"], last["done_reason"], last["eval_count"]) == ("", True, "length", 6)


def test_the_whole_answer_is_the_streamed_one(engine: Any, lines: Callable[..., Any]) -> None:
    streamed = "".join(part["response"] for part in lines(engine.post("/api/generate", model=CHAT, prompt="Say hello.", options=SHORT)))
    whole = engine.ask(options=SHORT)
    assert whole["response"] == streamed
    assert whole["done"] is True


def test_durations_are_nanoseconds_that_add_up(engine: Any) -> None:
    answer = engine.ask()
    parts = answer.get("load_duration", 0) + answer["prompt_eval_duration"] + answer["eval_duration"]
    assert 0 < parts <= answer["total_duration"] < 60e9


def test_times_have_nanoseconds_and_a_zone(engine: Any) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", engine.ask()["created_at"])


def test_a_chat_answer_is_a_message(engine: Any, lines: Callable[..., Any]) -> None:
    *parts, last = lines(engine.post("/api/chat", model=CHAT, messages=HELLO, options=SHORT))
    assert all(set(part) == {"model", "created_at", "message", "done"} for part in parts)
    assert last["message"] == {"role": "assistant", "content": ""}
    assert set(last) == {"model", "created_at", "message", "done", "done_reason"} | COUNTERS


def test_the_official_client_streams_a_chat(engine: Any) -> None:
    parts = list(engine.client.chat(CHAT, HELLO, stream=True, options=SHORT))
    whole = engine.client.chat(CHAT, HELLO, options=SHORT)
    assert "".join(part.message.content for part in parts) == whole.message.content
    assert parts[-1].done_reason == "length"


def test_generate_and_chat_make_the_same_prompt(engine: Any) -> None:
    chat = engine.post("/api/chat", model=CHAT, messages=HELLO, options=SHORT, stream=False).json()
    assert chat["message"]["content"] == engine.ask(options=SHORT)["response"]


def test_the_same_seed_gives_the_same_answer(engine: Any) -> None:
    options = {"seed": 7, "temperature": 1.5, "num_predict": 12}
    assert engine.ask(options=options)["response"] == engine.ask(options=options)["response"]


def test_a_stop_word_ends_the_answer(engine: Any) -> None:
    whole = engine.ask("Count: 1, 2, 3,", raw=True, options={"num_predict": 20})["response"]
    stop = whole.split()[1]
    cut = engine.ask("Count: 1, 2, 3,", raw=True, options={"num_predict": 20, "stop": [stop]})
    assert cut["response"] == whole[: whole.index(stop)]
    assert cut["done_reason"] == "stop"


def test_raw_sends_the_prompt_as_it_is(engine: Any) -> None:
    answer = engine.ask("The capital of France is", raw=True)
    assert answer["prompt_eval_count"] == 5
    assert "Paris" in answer["response"]
    assert "context" not in answer


def test_context_continues_a_conversation(engine: Any) -> None:
    first = engine.ask("My name is Ada.")
    second = engine.ask("What is my name?", context=first["context"])
    assert second["prompt_eval_count"] > first["prompt_eval_count"] + first["eval_count"]


def test_null_options_are_like_none(engine: Any) -> None:
    names = ("mirostat", "num_ctx", "num_gpu", "repeat_penalty", "stop", "seed", "top_k")
    assert engine.ask(options=dict.fromkeys(names))["eval_count"] == 8


def test_a_schema_is_obeyed(engine: Any) -> None:
    prompt = "What is the capital of France? Answer in JSON."
    answer = engine.ask(prompt, format=SCHEMA, options={"num_predict": 60})
    found = json.loads(answer["response"])
    assert isinstance(found["capital"], str)
    assert isinstance(found["sure"], bool)


def test_format_json_starts_an_object(engine: Any) -> None:
    assert engine.ask("A JSON object:", format="json", options={"num_predict": 4})["response"].lstrip().startswith("{")


def test_an_empty_format_means_none(engine: Any) -> None:
    assert engine.ask(format="")["response"] == engine.ask()["response"]


def test_log_probabilities_come_with_each_token(engine: Any) -> None:
    answer = engine.ask("The capital of France is", raw=True, logprobs=True, top_logprobs=2, options={"num_predict": 3})
    assert "".join(item["token"] for item in answer["logprobs"]) == answer["response"]
    assert all(item["logprob"] <= 0 and len(item["top_logprobs"]) == 2 for item in answer["logprobs"])


def test_japanese_arrives_whole(engine: Any, lines: Callable[..., Any]) -> None:
    prompt = "日本語、日本語、日本語、日本語、"
    parts = lines(engine.post("/api/generate", model=CHAT, prompt=prompt, raw=True, options={"num_predict": 12, "temperature": 0}))
    assert "日本語" in "".join(part["response"] for part in parts)
    assert "\ufffd" not in "".join(part["response"] for part in parts)


def test_an_empty_prompt_loads_the_model(engine: Any) -> None:
    engine.unload()
    answer = engine.post("/api/generate", model=CHAT).json()
    assert {name: answer[name] for name in ("response", "done", "done_reason")} == {"response": "", "done": True, "done_reason": "load"}
    assert CHAT in engine.loaded()


def test_no_messages_and_keep_alive_zero_unload_the_model(engine: Any) -> None:
    engine.ask()
    answer = engine.post("/api/chat", model=CHAT, messages=[], keep_alive=0).json()
    assert (answer["done_reason"], answer["message"]) == ("unload", {"role": "assistant", "content": ""})
    assert CHAT not in engine.loaded()


# --- prompts longer than the context ---


def test_a_long_prompt_loses_its_middle(engine: Any) -> None:
    answer = engine.ask("word " * 1000, options={"num_ctx": 512})
    assert answer["prompt_eval_count"] == 512 - (512 - 4) // 2


def test_an_old_message_is_dropped_and_the_system_message_stays(engine: Any) -> None:
    system = {"role": "system", "content": "Be brief."}
    old = {"role": "user", "content": "word " * 1000}
    body = {"model": CHAT, "stream": False, "options": {**SHORT, "num_ctx": 512}}
    short = engine.post("/api/chat", messages=[system, *HELLO], **body).json()
    long = engine.post("/api/chat", messages=[system, old, *HELLO], **body).json()
    assert long["prompt_eval_count"] == short["prompt_eval_count"]


def test_one_message_that_is_too_long_is_refused_in_a_chat(engine: Any) -> None:
    message = {"role": "user", "content": "word " * 1000}
    answer = engine.post("/api/chat", model=CHAT, messages=[message], options={"num_ctx": 512})
    assert answer.status_code == 400
    assert re.fullmatch(
        r"request \(\d+ tokens\) exceeds the available context size \(512 tokens\), try increasing it", answer.json()["error"]
    )


def test_with_a_go_template_the_message_is_cut_instead(engine: Any) -> None:
    engine.client.create(model="simple", from_=CHAT, template="{{ .System }} {{ .Prompt }}")
    message = {"role": "user", "content": "word " * 1000}
    answer = engine.post("/api/chat", model="simple", messages=[message], stream=False, options={**SHORT, "num_ctx": 512})
    engine.client.delete("simple")
    assert answer.json()["prompt_eval_count"] == 512 - (512 - 4) // 2


@pytest.mark.parametrize(
    ("flag", "text"), [("shift", "the prompt is longer than the context length"), ("truncate", "exceeds the available")]
)
def test_cutting_can_be_forbidden(engine: Any, flag: str, text: str) -> None:
    answer = engine.post("/api/generate", model=CHAT, prompt="word " * 1000, options={"num_ctx": 512}, **{flag: False})
    assert answer.status_code == 400
    assert text in answer.json()["error"]


def test_without_shift_the_answer_ends_with_the_context(engine: Any) -> None:
    answer = engine.ask("word " * 240, raw=True, shift=False, options={"num_ctx": 256, "num_predict": 100})
    assert answer["done_reason"] == "length"
    assert answer["prompt_eval_count"] + answer["eval_count"] <= 256


# --- errors ---


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("generate", {"model": "zz", "prompt": "x"}, 404, "model 'zz' not found"),
        ("generate", {"prompt": "x"}, 404, "model '' not found"),
        ("generate", {"model": "bad name!", "prompt": "x"}, 400, "invalid model name"),
        ("chat", {"messages": HELLO}, 400, "model is required"),
        ("chat", {"model": "zz", "messages": HELLO}, 404, "model 'zz' not found"),
        ("chat", {"model": "all-minilm", "messages": HELLO}, 400, '"all-minilm" does not support chat'),
        ("generate", {"model": "all-minilm", "prompt": "x"}, 400, '"all-minilm" does not support generate'),
        ("chat", {"model": CHAT, "messages": HELLO, "think": True}, 400, f'"{CHAT}" does not support thinking'),
        (
            "chat",
            {"model": CHAT, "messages": HELLO, "tools": [{"type": "function", "function": {"name": "f"}}]},
            400,
            f"registry.ollama.ai/library/{CHAT} does not support tools",
        ),
        ("generate", {"model": CHAT, "prompt": "x", "suffix": "y"}, 400, f"registry.ollama.ai/library/{CHAT} does not support insert"),
        (
            "generate",
            {"model": CHAT, "prompt": "x", "raw": True, "system": "y"},
            400,
            "raw mode does not support template, system, or context",
        ),
        ("generate", {"model": CHAT, "prompt": "x", "keep_alive": "300"}, 400, 'time: missing unit in duration "300"'),
        ("generate", {"model": CHAT, "prompt": "x", "options": {"num_ctx": "big"}}, 500, 'option "num_ctx" must be of type integer'),
        (
            "chat",
            {"model": CHAT, "messages": HELLO, "format": "yaml"},
            500,
            'invalid format: "\\"yaml\\""; expected "json" or a valid JSON Schema object',
        ),
        (
            "chat",
            {"model": CHAT, "messages": "hi"},
            400,
            "json: cannot unmarshal string into Go struct field ChatRequest.messages of type []api.Message",
        ),
    ],
)
def test_a_request_that_cannot_be_met_gets_ollamas_error(engine: Any, path: str, body: dict[str, Any], status: int, error: str) -> None:
    answer = engine.post(f"/api/{path}", **body)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", "missing request body"), (b"{", "unexpected EOF"), (b"hi", "invalid character 'h' looking for beginning of value")],
)
def test_wrong_json_is_refused(engine: Any, content: bytes, error: str) -> None:
    answer = engine.http.post("/api/chat", content=content)
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_thinking_switched_off_is_accepted(engine: Any) -> None:
    assert engine.ask(think=False)["done"] is True


def test_the_official_client_raises_with_the_status(engine: Any) -> None:
    with pytest.raises(ollama.ResponseError, match="model 'zz' not found") as refused:
        engine.client.chat("zz", HELLO)
    assert refused.value.status_code == 404


def test_damaged_weights_are_a_clear_error(engine: Any, start_engine: Callable[..., Any], tmp_path: Any) -> None:
    own = start_engine(OLLAMA_MODELS=str(tmp_path / "models"))
    own.post("/api/pull", model=CHAT, stream=False).raise_for_status()
    weights = max((tmp_path / "models" / "blobs").iterdir(), key=lambda path: path.stat().st_size)
    with weights.open("r+b") as file:
        file.truncate(1_000_000)
    answer = own.post("/api/generate", model=CHAT, prompt="x")
    assert answer.status_code == 500
    assert "unable to load model" in answer.json()["error"]
