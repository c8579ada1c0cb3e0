"""What the API answers while Chroma or the model server is away, under load, and that it recovers by itself (S0-59)."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.course.own_chroma import OwnChroma
from lab.settings import Settings

TEXT = "# Compose\n\nDocker Compose starts several containers with one command. Its file is called compose.yaml."
MOST = 600  # questions of one load


class Load:
    """Asks a new question again and again, two at once, until it is stopped; no question is like another, so none is remembered."""

    def __init__(self, url: str):
        self.url, self.statuses = url, []
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(2)]

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join(60)

    def _ask(self, thread: int) -> None:
        with httpx.Client(timeout=60, trust_env=False) as client:
            for number in range(MOST // 2):
                if self.stopped.wait(0.05):
                    return
                answer = client.post(f"{self.url}/rag", json={"query": f"What is the population of town {thread}-{number}?"})
                self.statuses.append(answer.status_code)


@pytest.fixture
def chroma() -> Iterator[OwnChroma]:
    own = OwnChroma().start()
    yield own
    own.remove()


class Engine:
    """A model server of this test, over the models of the running lab."""

    def __init__(self, port: int, models: Path, wait: Callable[..., Any]):
        self.url, self._wait = f"http://127.0.0.1:{port}", wait
        self._env = {**os.environ, "OLLAMA_HOST": self.url, "OLLAMA_PORT": str(port), "OLLAMA_MODELS": str(models), "OLLAMA_NOPRUNE": "1"}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Engine":
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen([sys.executable, "-P", "-m", "lab.engine", "serve"], env=self._env, **quiet)
        self._wait(lambda: answers(f"{self.url}/api/version"), what="the engine", timeout=90)
        return self

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(20)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False


@contextmanager
def serving(settings: Settings, port: int, log: Path, wait: Callable[..., Any]) -> Iterator[str]:
    env = {**os.environ, "API_PORT": str(port), "COLLECTION": "recovery", "CHROMA_PORT": str(settings.chroma_port)}
    env |= {"OLLAMA_HOST": settings.ollama_host, "LAB_HOME": str(log.parent), "CHAT_MODEL": settings.chat_model}
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "lab.service"], env=env, stdout=output, stderr=output)
    try:
        url = f"http://127.0.0.1:{port}"
        wait(lambda: answers(f"{url}/health") or process.poll() is not None, what="the API", timeout=90)
        yield url
        assert process.poll() is None, "the API must have lived through all of it"
    finally:
        process.terminate()
        process.wait(40)


@pytest.fixture
def engine(running_lab: Settings, free_port: Callable[[], int], wait_until: Callable[..., Any]) -> Iterator[Engine]:
    own = Engine(free_port(), running_lab.models_folder, wait_until).start()
    yield own
    own.stop()


@pytest.fixture
def api(running_lab, chroma, engine, free_port, wait_until, tmp_path) -> Iterator[str]:
    settings = running_lab.model_copy(update={"chroma_port": chroma.port, "ollama_host": engine.url})
    with serving(settings, free_port(), tmp_path / "log", wait_until) as url:
        body = {"text": TEXT, "source": "compose.md"}
        assert httpx.post(f"{url}/ingest", json=body, timeout=60, trust_env=False).status_code == 200
        yield url


def test_services_that_come_and_go_are_503_and_then_answers_again(api, chroma, engine, wait_until):
    with Load(api) as load:

        def comes(status: int, what: str) -> int:
            """How many other answers came before two with this status."""
            seen = len(load.statuses)
            wait_until(lambda: load.statuses[seen:].count(status) >= 2, what, timeout=60)
            return sum(one != status for one in load.statuses[seen:])

        comes(200, "answers")
        for name, service in (("Chroma", chroma), ("the engine", engine)):
            service.stop()
            comes(503, f"503 without {name}")
            assert httpx.get(f"{api}/ready", timeout=10, trust_env=False).status_code == 503
            service.start()
            print(f"{name} is back: {comes(200, 'answers')} refusals before two answers")
    assert set(load.statuses) == {200, 503}
    print(f"{len(load.statuses)} questions: {load.statuses.count(200)} answered, {load.statuses.count(503)} told to come back")
