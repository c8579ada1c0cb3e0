"""A pipeline on the session's real lab, and servers of its own for tests that kill them."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.rag.pipeline import Rag
from lab.settings import Settings, load_settings

NUMBERS = count()


@pytest.fixture(scope="session")
def make_rag(running_lab: Settings) -> Callable[..., Rag]:
    """Gives a pipeline with a collection of its own, or the one that is named."""

    def make(**values: Any) -> Rag:
        name = values.pop("collection", f"rag-{next(NUMBERS)}")
        return Rag.open(load_settings(**{**running_lab.model_dump(), "collection": name, **values}))

    return make


@pytest.fixture(scope="session")
def handbook(make_rag: Callable[..., Rag]) -> Rag:
    """A pipeline over the handbook, indexed."""
    rag = make_rag(collection="rag-handbook")
    rag.ingest()
    return rag


@pytest.fixture
def folder(running_lab: Settings, tmp_path: Path) -> Path:
    """A copy of five articles, to be changed."""
    path = tmp_path / "docs"
    path.mkdir()
    for name in ("volumes", "healthchecks", "chunking", "embeddings", "start-order"):
        shutil.copy(running_lab.corpus / f"{name}.md", path)
    return path


@dataclass
class Server:
    """A process that a test may kill."""

    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """As kill -9 does: no chance to tidy up."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


@contextmanager
def serving(command: list[str], url: str, env: dict[str, str], log: Path, wait: Callable[..., Any]) -> Iterator[Server]:
    """Start a server in a process group of its own, wait until `url` answers, and end it afterwards."""

    def answers() -> bool:
        try:
            return httpx.get(url, timeout=2).is_success
        except httpx.TransportError:
            return False

    with log.open("ab") as output:
        process = subprocess.Popen(command, env=env, stdout=output, stderr=output, start_new_session=True)
    server = Server(process)
    try:
        wait(answers, what=f"{command[0]} at {url}", timeout=60)
        yield server
    finally:
        if process.poll() is None:
            server.kill()


@pytest.fixture
def chroma(running_lab: Settings, free_port: Callable[[], int], wait_until: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """`with chroma() as (server, settings)`: Chroma on a data folder that is the same at each start."""

    @contextmanager
    def start() -> Iterator[tuple[Server, Settings]]:
        settings = load_settings(**{**running_lab.model_dump(), "chroma_port": free_port(), "collection": "killed"})
        program = Path(sys.executable).with_name("chroma")
        command = [str(program), "run", "--path", str(tmp_path / "chroma"), "--host", "127.0.0.1", "--port", str(settings.chroma_port)]
        url = f"{settings.chroma_url}/api/v2/heartbeat"
        with serving(command, url, dict(os.environ), tmp_path / "chroma.log", wait_until) as server:
            yield server, settings

    return start


@pytest.fixture
def engine(
    running_lab: Settings, free_port: Callable[[], int], wait_until: Callable[..., Any], tmp_path: Path
) -> Iterator[tuple[Server, Settings]]:
    """An engine of its own over the lab's models."""
    port = free_port()
    settings = load_settings(**{**running_lab.model_dump(), "ollama_host": f"http://127.0.0.1:{port}", "ollama_port": port})
    command = [sys.executable, "-P", "-m", "lab.engine", "serve"]
    env = {**os.environ, "OLLAMA_HOST": settings.ollama_host, "OLLAMA_PORT": str(port), "OLLAMA_NOPRUNE": "1"}
    with serving(command, f"{settings.ollama_host}/api/version", env, tmp_path / "engine.log", wait_until) as server:
        yield server, settings
