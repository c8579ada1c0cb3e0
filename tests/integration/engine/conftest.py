"""Engines as real processes, with models from the installed packages."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import ollama
import pytest

CHAT = "smollm2:135m"
EMBED = "all-minilm"


@dataclass
class RunningEngine:
    """One engine: its address, its process, and clients for it."""

    url: str
    process: subprocess.Popen[bytes]
    http: httpx.Client
    client: ollama.Client
    log: Path

    def post(self, path: str, **body: Any) -> httpx.Response:
        """One request, answered as a whole."""
        return self.http.post(path, json=body)

    def ask(self, prompt: str = "Say hello.", model: str = CHAT, **more: Any) -> dict[str, Any]:
        """A short answer of /api/generate, always the same for the same prompt."""
        options = {"num_predict": 8, "temperature": 0, **more.pop("options", {})}
        answer = self.post("/api/generate", model=model, prompt=prompt, stream=False, options=options, **more)
        return dict(answer.raise_for_status().json())

    def loaded(self) -> dict[str, dict[str, Any]]:
        """The models in memory, by name."""
        return {model["name"]: model for model in self.http.get("/api/ps").json()["models"]}

    def unload(self) -> None:
        """Nothing in memory, as after the start."""
        for name in self.loaded():
            self.post("/api/generate" if name == CHAT else "/api/embed", model=name, keep_alive=0).raise_for_status()


@contextmanager
def _engine(port: int, models: Path, log: Path, **variables: str) -> Iterator[RunningEngine]:
    url = f"http://127.0.0.1:{port}"
    env = {**os.environ, "OLLAMA_HOST": url, "OLLAMA_MODELS": str(models), "LAB_HOME": str(models.parent), **variables}
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "lab.engine", "serve"], env=env, stdout=output, stderr=output)
    try:
        with httpx.Client(base_url=url, timeout=150) as http:
            _wait_for(http, process, log)
            yield RunningEngine(url, process, http, ollama.Client(url, timeout=150), log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(http: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    pause, tries = threading.Event(), 1500
    for _ in range(tries):
        try:
            http.get("/")
            return
        except httpx.TransportError:
            assert process.poll() is None, log.read_text()
            pause.wait(0.02)
    pytest.fail(f"the engine did not answer within 30 s: {log.read_text()}")


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Path:
    """A store with both models, filled once by an engine of its own."""
    folder = tmp_path_factory.mktemp("engine") / "models"
    with _engine(free_port(), folder, folder.parent / "pull.log") as engine:
        for name in (CHAT, EMBED):
            assert engine.post("/api/pull", model=name, stream=False).json() == {"status": "success"}
    return folder


@pytest.fixture(scope="session")
def engine(models: Path, free_port: Callable[[], int]) -> Iterator[RunningEngine]:
    """The engine that most tests share. A test that loads or stores something unusual puts it back."""
    with _engine(free_port(), models, models.parent / "engine.log") as running:
        yield running


@pytest.fixture
def start_engine(models: Path, free_port: Callable[[], int], tmp_path: Path) -> Iterator[Callable[..., RunningEngine]]:
    """Starts an engine with settings of its own: `start_engine(OLLAMA_MAX_QUEUE="1")`. It uses the same store."""
    with ExitStack() as stack:
        yield lambda **variables: stack.enter_context(_engine(free_port(), models, tmp_path / "engine.log", **variables))


@pytest.fixture
def lines() -> Callable[[httpx.Response], list[dict[str, Any]]]:
    """The objects of a streamed answer."""
    return lambda response: [json.loads(line) for line in response.text.splitlines()]
