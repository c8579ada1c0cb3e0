"""A queue of one test: a real Redis, workers as processes, and a file in which their tasks note what they do."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from fastapi.testclient import TestClient

from lab.redis_server import RedisServer
from lab.service.app import create_app
from lab.service.tasks.celery_queue import CeleryQueue
from lab.settings import Settings, load_settings

WORKER = Path(__file__).with_name("tasks_worker.py")
QUICK = {"worker_time_limit": 8, "worker_redelivery": 9, "worker_retries": 1, "worker_concurrency": 2}


class Workers:
    """Workers on one Redis. `begin()` starts one and returns its process."""

    def __init__(self, settings: Settings, folder: Path):
        self.settings, self.folder = settings, folder
        self.file = folder / "done.sqlite"
        self.processes: list[psutil.Process] = []
        pipe = subprocess.PIPE
        self._nursery = subprocess.Popen([sys.executable, str(WORKER)], env=self._environment(), stdin=pipe, stdout=pipe, text=True)

    def _environment(self) -> dict[str, str]:
        own = ("redis_url", "lab_home", "worker_time_limit", "worker_redelivery", "worker_retries", "worker_deaths", "worker_concurrency")
        given = {name.upper(): str(getattr(self.settings, name)) for name in (*own, "worker_metrics_port")}
        # here already: the nursery imports prometheus_client, which looks at it, before it becomes a worker
        return {**os.environ, **given, "PROMETHEUS_MULTIPROC_DIR": str(self.folder / "metrics")}

    def begin(self, seconds: float = 0.05, *options: str) -> psutil.Process:
        assert self._nursery.stdin and self._nursery.stdout
        number = len(self.processes)
        told = [str(self.log(number)), str(self.file), str(seconds), f"--hostname=w{number}@test", *options]
        self._nursery.stdin.write(json.dumps(told) + "\n")
        self._nursery.stdin.flush()
        self.processes.append(psutil.Process(int(self._nursery.stdout.readline())))
        return self.processes[-1]

    def log(self, number: int) -> Path:
        return self.folder / f"worker-{number}.log"

    def ready(self, process: psutil.Process) -> bool:
        log = self.log(self.processes.index(process))
        return log.exists() and " ready" in log.read_text("utf-8", "replace")

    def stop(self) -> None:
        for process in self.processes:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # its session: also what a killed worker has left
        self._nursery.communicate("", timeout=10)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        if not self.file.exists():
            return []
        with closing(sqlite3.connect(self.file, timeout=30)) as database:
            try:
                return database.execute(query).fetchall()
            except sqlite3.OperationalError:  # no worker has begun yet
                return []

    def begun(self, document: str) -> int:
        return len(self.rows(f"select 1 from begun where document = '{document}'"))


@pytest.fixture(scope="module")
def redis_of_module(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis"), free_port()) as server:
        yield server


@pytest.fixture(scope="module")
def queue_settings(redis_of_module: RedisServer, tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Settings:
    home = tmp_path_factory.mktemp("home")
    return load_settings(redis_url=redis_of_module.url, lab_home=home, worker_metrics_port=free_port(), **QUICK)


@pytest.fixture(scope="module")
def crew() -> Iterator[Callable[..., Workers]]:
    """Gives workers whose tasks do no real work, on the Redis of some settings; all of them end with the module."""
    made: list[Workers] = []

    def make(settings: Settings, folder: Path) -> Workers:
        made.append(Workers(settings, folder))
        return made[-1]

    try:
        yield make
    finally:
        for workers in made:
            workers.stop()


@pytest.fixture(scope="module")
def workers(crew: Callable[..., Workers], queue_settings: Settings, tmp_path_factory: pytest.TempPathFactory, wait_until: Any) -> Workers:
    """One worker that does two tasks at once, for all tests of a module."""
    made = crew(queue_settings, tmp_path_factory.mktemp("workers"))
    process = made.begin()
    wait_until(lambda: made.ready(process), "the worker to be ready", 120)
    return made


@pytest.fixture(scope="module")
def queue(queue_settings: Settings) -> CeleryQueue:
    return CeleryQueue(queue_settings)


@pytest.fixture(scope="module")
def api_on() -> Iterator[Callable[[Settings], TestClient]]:
    """Gives the API on a queue; it needs no pipeline."""
    with ExitStack() as opened:
        yield lambda settings: opened.enter_context(TestClient(create_app(settings, open_rag=lambda settings: None)))


@pytest.fixture(scope="module")
def tasks_api(api_on: Callable[[Settings], TestClient], queue_settings: Settings) -> TestClient:
    return api_on(queue_settings)


@pytest.fixture(scope="module")
def send(tasks_api: TestClient) -> Callable[..., dict[str, Any]]:
    """Sends documents to be indexed: `send(id="text", ...)`."""

    def sending(**documents: str) -> dict[str, Any]:
        answer = tasks_api.post("/batch_index", json={"documents": [{"id": name, "text": text} for name, text in documents.items()]})
        assert answer.status_code == 202, answer.text
        return answer.json()

    return sending


@pytest.fixture(scope="module")
def ended(tasks_api: TestClient, wait_until: Any) -> Callable[..., dict[str, Any]]:
    """Waits until a task has ended, and gives its status."""

    def wait(task_id: str, timeout: float = 60) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            status = tasks_api.get(f"/task_status/{task_id}").json()
            return status if status["status"] in ("completed", "failed", "cancelled") else None

        return wait_until(look, f"task {task_id} to end", timeout)

    return wait
