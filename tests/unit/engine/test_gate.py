"""Who may call the engine."""

import pytest

from lab.engine.environment import ServerSettings
from lab.engine.middleware import Gate, is_local_host


@pytest.mark.parametrize(
    "host", ["localhost:11434", "127.0.0.1", "[::1]:11434", "192.168.1.5", "0.0.0.0:80", "a.localhost", "nas.local", ""]
)
def test_local_names_and_private_addresses_are_local(host: str) -> None:
    assert is_local_host(host)


@pytest.mark.parametrize("host", ["example.com", "evil.com:11434", "8.8.8.8", "localhost.evil.com", "[::1", "a]b"])
def test_other_names_are_not_local(host: str) -> None:
    assert not is_local_host(host)


@pytest.mark.parametrize(
    "origin", ["http://localhost", "https://localhost:8888", "http://127.0.0.1:3000", "app://obsidian", "vscode-webview://x"]
)
def test_pages_of_this_machine_are_allowed(origin: str) -> None:
    assert Gate(None, ServerSettings())._allowed(origin)  # type: ignore[arg-type]


def test_other_pages_need_a_setting() -> None:
    page = "https://lab.example.org"
    assert not Gate(None, ServerSettings())._allowed(page)  # type: ignore[arg-type]
    assert Gate(None, ServerSettings(origins=("https://*.example.org",)))._allowed(page)  # type: ignore[arg-type]
