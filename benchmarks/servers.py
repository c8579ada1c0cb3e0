"""Servers of a measurement: a whole lab (engine and Chroma) of its own, on free ports, with its own folder."""

import contextlib
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lab.settings import Settings, get_settings, load_settings


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def lab(*services: str, **chosen: object) -> Iterator[Settings]:
    """A running lab with these services (default: engine and Chroma) and the embedded models; stopped and removed at the end."""
    from lab.stack.lifecycle import down, up

    with tempfile.TemporaryDirectory() as home:
        ports = {name: free_port() for name in ("ollama_port", "chroma_port", "jupyter_port")}
        settings = load_settings(
            **{"lab_place": "embedded", "lab_home": Path(home), "ollama_host": "", "chat_model": "", **ports, **chosen}
        )
        before = os.environ.get("LAB_HOME")
        os.environ["LAB_HOME"] = home
        get_settings.cache_clear()
        try:
            up(settings, services=services or ("ollama", "chroma"), ingest=False)
            yield settings
        finally:
            down(settings)
            os.environ.pop("LAB_HOME") if before is None else os.environ.__setitem__("LAB_HOME", before)
            get_settings.cache_clear()
