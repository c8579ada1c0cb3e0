"""A queue of one test: a real Redis, workers as processes, and a file in which their tasks note what they do."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

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
        self.processes: list[subprocess.Popen[bytes]] = []

    def environment(self) -> dict[str, str]:
        own = ("redis_url", "lab_home", "worker_time_limit", "worker_redelivery", "worker_retries", "worker_deaths", "worker_concurrency")
        return {**os.environ, **{name.upper(): str(getattr(self.settings, name)) for name in own}}

    def begin(self, seconds: float = 0.05, *options: str) -> subprocess.Popen[bytes]:
        number = len(self.processes)
        name = f"--hostname=w{number}@test"
        command = [sys.executable, str(WORKER), str(self.file), str(seconds), name, "--loglevel=info", *options]
        with self.log(number).open("wb") as log:
            # a session of its own, so that all of it can be ended together
            process = subprocess.Popen(command, env=self.environment(), stdout=log, stderr=log, start_new_session=True)
        self.processes.append(process)
        return process

    def log(self, number: int) -> Path:
        return self.folder / f"worker-{number}.log"

    def ready(self, process: subprocess.Popen[bytes]) -> bool:
        return " ready." in self.log(self.processes.index(process)).read_text("utf-8", "replace")

    def stop(self) -> None:
        import shutil

        [shutil.copy(self.log(n), f"/tmp/queue-w{n}.log") for n in range(len(self.processes))]
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)

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


@pytest.fixture
def queue_settings(own_redis_server, tmp_path) -> Settings:
    return load_settings(redis_url=own_redis_server.url, lab_home=tmp_path / "home", **QUICK)


@pytest.fixture
def workers(queue_settings: Settings, tmp_path: Path) -> Iterator[Workers]:
    """Gives workers whose tasks do no real work; all of them end with the test."""
    made = Workers(queue_settings, tmp_path)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def queue(queue_settings: Settings) -> CeleryQueue:
    return CeleryQueue(queue_settings)


@pytest.fixture
def api(queue_settings: Settings) -> Iterator[TestClient]:
    """The API on that queue; it needs no pipeline."""
    with TestClient(create_app(queue_settings, open_rag=lambda settings: None)) as client:
        yield client


@pytest.fixture
def send(api: TestClient) -> Callable[..., dict[str, Any]]:
    """Sends documents to be indexed: `send(id="text", ...)`."""

    def sending(**documents: str) -> dict[str, Any]:
        answer = api.post("/batch_index", json={"documents": [{"id": name, "text": text} for name, text in documents.items()]})
        assert answer.status_code == 202, answer.text
        return answer.json()

    return sending
