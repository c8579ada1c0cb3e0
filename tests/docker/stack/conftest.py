"""One lab in containers for all tests of this folder, started as `docker compose up --wait` starts it, from a copy of the project."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.settings import ROOT, Settings

PROJECT = f"slipway-test{os.getpid()}"  # several people may test on one engine
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".lab", ".env", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info")
ARTICLES = {"volumes.md", "ports-and-networks.md", "healthchecks.md", "vector-search-with-chroma.md"}  # the whole handbook takes a minute
Ran = subprocess.CompletedProcess[str]


@dataclass
class ComposeLab:
    """Calls `docker compose` on the copy, and the lab's services."""

    folder: Path
    env: dict[str, str]
    project: str = PROJECT

    def compose(self, *words: str, files: tuple[str, ...] = (), **options: Any) -> Ran:
        """Runs `docker compose`; the caller looks at the exit code."""
        named = [word for file in ("compose.yaml", *files) for word in ("--file", file)]
        command = ["docker", "compose", "--project-name", self.project, *named, *words]
        return subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=1000, **options)

    def do(self, *words: str, **options: Any) -> str:
        """The same, for a call that has to succeed."""
        done = self.compose(*words, **options)
        assert done.returncode == 0, f"docker compose {' '.join(words)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def python(self, code: str, *arguments: str) -> Any:
        """What a script in JupyterLab's container prints, as JSON."""
        return json.loads(self.do("exec", "--no-TTY", "jupyter", "python", "-", *arguments, input=code))

    def containers(self) -> dict[str, dict[str, Any]]:
        """Service and what `docker compose ps` says about it, ended ones too."""
        lines = self.do("ps", "--all", "--format", "json").splitlines()
        return {one["Service"]: one for one in map(json.loads, lines)}

    def url(self, service: str) -> str:
        """Where a service answers on this machine."""
        return f"http://127.0.0.1:{self.env[f'{service.upper()}_PORT']}"

    def get(self, service: str, path: str, **options: Any) -> httpx.Response:
        """A request to a service. A proxy meant for the internet is not asked."""
        return httpx.get(self.url(service) + path, trust_env=False, timeout=60, **options)

    def post(self, service: str, path: str, body: dict[str, Any]) -> httpx.Response:
        """The same with a body."""
        return httpx.post(self.url(service) + path, json=body, trust_env=False, timeout=120)


def environment(ports: Callable[[], int]) -> dict[str, str]:
    """No setting of a developer, ports that are free, and a chat model that both Ollama and the stand-in have."""
    env = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    socket = os.environ.get("DOCKER_HOST", "").removeprefix("unix://")
    env |= {"DOCKER_SOCKET": socket} if socket.startswith("/") else {}
    env |= {f"{name}_PORT": str(ports()) for name in ("OLLAMA", "CHROMA", "API", "JUPYTER", "PROXY", "PROMETHEUS", "GRAFANA")}
    return env | {"CHAT_MODEL": "smollm2:135m"}


@pytest.fixture(scope="session")
def copy(engine: Any, tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> ComposeLab:
    """A copy of the project that nothing runs from yet: tests may change its files."""
    folder = tmp_path_factory.mktemp("compose") / "project"
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    for article in (folder / "corpus").rglob("*.md"):
        if article.name not in ARTICLES:
            article.unlink()
    if os.getuid() == 0:  # the learner's files, not root's
        for path in (folder / "notebooks", *(folder / "notebooks").iterdir()):
            os.chown(path, 1000, 1000)
    return ComposeLab(folder, environment(free_port))


@pytest.fixture(scope="session")
def lab(copy: ComposeLab) -> Iterator[ComposeLab]:
    """The lab, healthy. At the end nothing of it is left, volumes and images included."""
    copy.compose("--profile", "*", "down", "--volumes", "--remove-orphans")
    try:
        copy.do("up", "--wait", "--wait-timeout", "600")
        yield copy
    finally:
        copy.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--rmi", "local")


@pytest.fixture
def stranger(engine: Any) -> Iterator[Any]:
    """A container of somebody else on the same engine."""
    container = engine.containers.run(
        "debian:trixie-slim", "sleep 600", name=f"stranger{os.getpid()}", detach=True, init=True, environment={"PASSWORD": "secret"}
    )
    yield container
    container.remove(force=True)
