"""Asking a service: every kind of bad answer is one of a few things, and none is an exception for a probe."""

import importlib
import socket
import threading

import pytest

from lab.stack import web
from lab.stack.web import BROKEN, get_json, post_lines


@pytest.fixture
def answering():
    """`answering(bytes)` is the address of a server that sends these bytes to the first caller, then closes."""
    listeners = []

    def serve(answer: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def once():
            connection = listener.accept()[0]
            connection.recv(10_000)
            connection.sendall(answer)
            connection.shutdown(socket.SHUT_WR)

        threading.Thread(target=once, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield serve
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize(
    "answer", [b"", b"-ERR no such command\r\n", b"HTTP/1.1 200 OK\r\n\r\n<html>", b"HTTP/1.1 500 No\r\n\r\n{}", b"\x15\x03"]
)
def test_a_probe_gets_nothing_from_what_is_no_json_service(answering, answer):
    assert get_json(answering(answer), timeout=2) is None


def test_a_silent_server_costs_a_probe_no_more_than_its_time():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert get_json(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.05) is None


@pytest.mark.parametrize("body", [b'9\r\n{"a": 1}\n\r\n9\r\n{"a": 2}', b'9\r\n{"a": 1}\n\r\n4\r\n{"a"\r\n0\r\n\r\n'])
def test_a_stream_that_breaks_off_gives_what_came_and_then_fails(answering, body):
    lines = post_lines(answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body), {}, timeout=2)
    assert next(lines) == {"a": 1}
    with pytest.raises(BROKEN):
        list(lines)


def test_a_refused_call_yields_its_error(answering):
    lines = post_lines(answering(b'HTTP/1.1 404 Not Found\r\n\r\n{"error": "not here"}'), {}, timeout=2)
    assert list(lines) == [{"error": "not here"}]


def test_a_refusal_without_words_yields_its_code(answering):
    assert list(post_lines(answering(b"HTTP/1.1 502 Bad\r\n\r\n<html>"), {}, timeout=2)) == [{"error": "HTTP 502"}]


def test_a_proxy_meant_for_the_internet_is_not_asked(answering, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert importlib.reload(web).get_json(answering(b"HTTP/1.1 200 OK\r\n\r\n[1]"), timeout=2) == [1]
