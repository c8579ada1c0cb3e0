"""The server's settings: the address to bind to, and values that Ollama would choose."""

import math

import pytest

from lab.engine.environment import ServerSettings


@pytest.fixture(autouse=True)
def no_lab(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("", ("127.0.0.1", 12000)),
        ("127.0.0.1", ("127.0.0.1", 12000)),
        ("0.0.0.0", ("0.0.0.0", 12000)),
        ("0.0.0.0:9000", ("0.0.0.0", 9000)),
        ("http://127.0.0.1:21500/", ("127.0.0.1", 21500)),
        ("http://ollama", ("ollama", 80)),
        ("https://ollama", ("ollama", 443)),
        (":5000", ("127.0.0.1", 5000)),
        ("[::1]:7", ("::1", 7)),
    ],
)
def test_the_server_listens_where_clients_call(monkeypatch, value, address):
    monkeypatch.setenv("OLLAMA_HOST", value)
    monkeypatch.setenv("OLLAMA_PORT", "12000")
    settings = ServerSettings.read()
    assert (settings.host, settings.port) == address


@pytest.mark.parametrize(("text", "seconds"), [("5m", 300), ("90", 90), ("-1", math.inf), ("9999999999", math.inf)])
def test_keep_alive_is_read_as_in_requests(monkeypatch, text, seconds):
    monkeypatch.setenv("OLLAMA_KEEP_ALIVE", text)
    assert ServerSettings.read().keep_alive == seconds
