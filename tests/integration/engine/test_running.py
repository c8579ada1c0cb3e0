"""Several requests at once, clients that go, memory that is freed, and an engine that ends."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import ollama
import pytest

CHAT = "smollm2:135m"
# Without chance, a model that has begun to repeat itself goes on: this answer is always long.
LONG: dict[str, Any] = {"model": CHAT, "prompt": "tick tock " * 30, "raw": True, "options": {"num_predict": 4000, "temperature": 0}}


def stream(engine: Any) -> Any:
    """A long answer that is being written."""
    return httpx.stream("POST", f"{engine.url}/api/generate", json=LONG, timeout=60)


def begin(answer: httpx.Response) -> Iterator[str]:
    """The rest of an answer that has begun. Without this iterator the stream would be closed."""
    parts = answer.iter_lines()
    assert '"done":false' in next(parts)
    return parts


def seconds_until_free(engine: Any) -> float:
    """How long another request for the only place in the model takes."""
    started = time.monotonic()
    engine.ask(options={"num_predict": 1})
    return time.monotonic() - started


def test_requests_at_the_same_time_are_all_answered(engine: Any) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda number: engine.ask(f"Say {number}."), range(6)))
    assert all(answer["eval_count"] > 0 for answer in answers)


def test_chat_and_embedding_run_at_the_same_time(engine: Any) -> None:
    with stream(engine) as answer:
        parts = begin(answer)
        assert engine.post("/api/embed", model="all-minilm", input="x").status_code == 200
        assert set(engine.loaded()) == {CHAT, "all-minilm:latest"}
        assert '"done":false' in next(parts)


def test_with_two_places_two_answers_are_written_at_once(start_engine: Callable[..., Any]) -> None:
    engine = start_engine(OLLAMA_NUM_PARALLEL="2")
    with stream(engine) as first, stream(engine) as second:
        parts = begin(first), begin(second)
        assert all('"done":false' in next(part) for part in parts)


def test_a_closed_stream_frees_its_place(engine: Any) -> None:
    engine.ask()
    with stream(engine) as answer:
        begin(answer)
    assert seconds_until_free(engine) < 12  # the whole answer would take half a minute at least


def test_a_client_that_hangs_up_before_the_answer_frees_its_place(engine: Any) -> None:
    engine.ask()
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{engine.url}/api/generate", json={**LONG, "stream": False}, timeout=0.5)
    assert seconds_until_free(engine) < 12


def test_a_client_that_hangs_up_while_its_prompt_is_read_frees_its_place(engine: Any) -> None:
    engine.ask()
    body = {**LONG, "prompt": "harbour " * 3000}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{engine.url}/api/generate", json=body, timeout=0.3)
    assert seconds_until_free(engine) < 12


def test_a_cancelled_request_is_logged_as_499(engine: Any, wait_until: Callable[..., Any]) -> None:
    with stream(engine) as answer:
        begin(answer)
    wait_until(lambda: " 499 " in engine.log.read_text().splitlines()[-1], what="the line about the cancelled request")


# --- memory ---


def test_a_model_that_is_freed_right_after_it_was_loaded_hangs_nothing(engine: Any) -> None:
    """llama.cpp's loop must not be ended before it has begun: one of five such requests used to block all later ones."""
    engine.unload()
    for _ in range(15):
        assert engine.post("/api/embed", model="all-minilm", keep_alive=0).status_code == 200
    assert engine.ask()["response"]


def test_keep_alive_zero_frees_the_memory(engine: Any, wait_until: Callable[..., Any]) -> None:
    engine.ask(keep_alive=0)
    wait_until(lambda: CHAT not in engine.loaded(), what="the model to be unloaded")


def test_an_unused_model_is_unloaded_in_time(engine: Any, wait_until: Callable[..., Any]) -> None:
    engine.ask(keep_alive="300ms")
    wait_until(lambda: CHAT not in engine.loaded(), what="the model to be unloaded", timeout=5)


def test_ps_tells_how_long_a_model_stays(engine: Any) -> None:
    engine.ask(keep_alive="10m")
    running = engine.client.ps().models[0]
    left = running.expires_at.timestamp() - time.time()
    assert (running.model, running.context_length, running.size_vram) == (CHAT, 4096, 0)
    assert 590 < left <= 600
    assert running.size == pytest.approx(98_362_432 + 30 * 2 * 2 * 192 * 4096)


def test_a_model_kept_for_ever_goes_in_another_century(engine: Any) -> None:
    engine.ask(keep_alive=-1)
    assert engine.loaded()[CHAT]["expires_at"] > "2300"


def test_the_server_has_a_default_for_keep_alive(start_engine: Callable[..., Any], wait_until: Callable[..., Any]) -> None:
    engine = start_engine(OLLAMA_KEEP_ALIVE="200ms")
    engine.ask()
    wait_until(lambda: engine.loaded() == {}, what="the model to be unloaded", timeout=5)


def test_another_context_size_replaces_the_loaded_model(engine: Any) -> None:
    for num_ctx in (512, 1024):
        engine.ask(options={"num_ctx": num_ctx})
        assert engine.loaded()[CHAT]["context_length"] == num_ctx


def test_the_default_context_size_is_a_setting(start_engine: Callable[..., Any]) -> None:
    engine = start_engine(OLLAMA_CONTEXT_LENGTH="1024")
    engine.ask()
    assert engine.loaded()[CHAT]["context_length"] == 1024


def test_only_so_many_models_stay_in_memory(start_engine: Callable[..., Any]) -> None:
    engine = start_engine(OLLAMA_MAX_LOADED_MODELS="1")
    engine.ask()
    engine.post("/api/embed", model="all-minilm", input="x").raise_for_status()
    assert list(engine.loaded()) == ["all-minilm:latest"]


def test_a_full_queue_answers_503(start_engine: Callable[..., Any], wait_until: Callable[..., Any]) -> None:
    engine = start_engine(OLLAMA_MAX_QUEUE="1")
    refused: list[httpx.Response] = []

    def knock() -> bool:
        """One more request; the first waits, so that the second finds the queue full."""
        try:
            refused.append(httpx.post(f"{engine.url}/api/generate", json={**LONG, "stream": False}, timeout=0.5))
        except httpx.ReadTimeout:
            return False
        return True

    with stream(engine) as answer:
        parts = begin(answer)
        with ThreadPoolExecutor(2) as pool:
            wait_until(lambda: any(list(pool.map(lambda _: knock(), range(2)))), what="a request to be refused")
        assert '"done":false' in next(parts)
    assert refused[0].status_code == 503
    assert refused[0].json() == {"error": "server busy, please try again.  maximum pending requests exceeded"}


# --- who may call ---


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "localhost:1234"}, 200),
    ],
)
def test_only_pages_and_names_of_this_machine_get_answers(engine: Any, headers: dict[str, str], status: int) -> None:
    assert engine.http.get("/api/version", headers=headers).status_code == status


def test_a_browser_is_told_that_its_page_may_call(engine: Any) -> None:
    origin = {"Origin": "http://localhost:3000"}
    assert engine.http.get("/api/version", headers=origin).headers["access-control-allow-origin"] == "http://localhost:3000"
    asked = engine.http.options("/api/chat", headers={**origin, "Access-Control-Request-Method": "POST"})
    assert asked.status_code == 204
    assert "POST" in asked.headers["access-control-allow-methods"]


def test_further_pages_are_a_setting(start_engine: Callable[..., Any]) -> None:
    engine = start_engine(OLLAMA_ORIGINS="https://*.example.org")
    assert engine.http.get("/api/version", headers={"Origin": "https://lab.example.org"}).status_code == 200


def test_the_listener_of_llama_cpp_needs_its_key(engine: Any) -> None:
    """The model's own port must not be a second, unguarded engine."""
    import psutil

    engine.ask()
    ports = {item.laddr.port for item in psutil.Process(engine.process.pid).net_connections("tcp") if item.status == "LISTEN"}
    others = ports - {int(engine.url.rpartition(":")[2])}
    assert others
    assert {httpx.post(f"http://127.0.0.1:{port}/completion", json={"prompt": "x"}).status_code for port in others} == {401}


# --- the end ---


def test_an_engine_that_dies_in_mid_answer_is_a_clear_error(start_engine: Callable[..., Any]) -> None:
    engine = start_engine()
    answer = engine.client.generate(**LONG, stream=True)
    next(answer)
    engine.process.send_signal(signal.SIGKILL)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        list(answer)
    engine.process.wait(10)
    with pytest.raises(ConnectionError, match="Failed to connect to Ollama"):
        engine.client.list()


def test_sigterm_ends_the_engine_soon_even_in_mid_answer(start_engine: Callable[..., Any]) -> None:
    engine = start_engine()
    ended = threading.Event()

    def read() -> None:
        with pytest.raises((httpx.HTTPError, ollama.ResponseError)), stream(engine) as answer:
            first.set()
            for _ in answer.iter_lines():
                pass
            raise httpx.ReadError("the answer ended early")
        ended.set()

    first = threading.Event()
    reader = threading.Thread(target=read)
    reader.start()
    assert first.wait(30)
    engine.process.send_signal(signal.SIGTERM)
    engine.process.wait(3)
    reader.join(10)
    assert ended.is_set()
