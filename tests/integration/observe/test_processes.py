"""Two processes behind one port: whichever answers a scrape tells what both have counted."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

REQUESTS = 60


class Served:
    """`uvicorn --workers 2`, with a connection for each request, so that both processes get some."""

    def __init__(self, folder: Path, port: int):
        self.folder, self.port = folder, port
        variables = {"PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"), "LAB_HOME": str(folder), "LAB_PLACE": "embedded"}
        command = [sys.executable, "-m", "uvicorn", "--factory", "lab.service.app:create_app", "--workers", "2", "--port", str(port)]
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env={**os.environ, **variables}, stdout=log, stderr=log)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=60, trust_env=False)

    def sample(self, name: str) -> float:
        lines = [line for line in self.get("/metrics").text.splitlines() if line.startswith(f"{name} ")]
        return float(lines[0].split()[-1]) if lines else 0.0

    @property
    def processes(self) -> list[int]:
        return [int(file.stem.partition("_")[2]) for file in (self.folder / "metrics").glob("counter_*.db")]

    def started(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return self.log.read_text().count("Application startup complete") == 2

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()


@pytest.fixture
def serve(tmp_path: Path, free_port: Callable[[], int], wait_until: Any) -> Iterator[Callable[[], Served]]:
    made: list[Served] = []

    def start() -> Served:
        made.append(Served(tmp_path, free_port()))
        wait_until(made[-1].started, "both processes", 120)
        return made[-1]

    yield start
    for served in made:
        served.stop()


def health(served: Served) -> float:
    return served.sample('rag_http_requests_total{method="GET",route="/health",status="200"}')


def test_a_scrape_has_the_sum_and_a_new_run_begins_anew(serve):
    served = serve()
    with ThreadPoolExecutor(8) as callers:
        assert {answer.status_code for answer in callers.map(lambda _: served.get("/health"), range(REQUESTS))} == {200}
    assert [health(served) for _ in range(4)] == [REQUESTS] * 4
    assert len(served.processes) == 2
    served.stop()
    assert health(serve()) == 0


def test_what_a_killed_process_counted_stays_and_what_it_did_goes(serve, wait_until):
    served = serve()
    for _ in range(8):
        served.get("/health")
    in_progress = "rag_http_requests_in_progress"
    assert served.sample(in_progress) == 1  # the scrape itself
    killed = served.processes[0]
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: served.log.read_text().count("Application startup complete") == 3, "another process", 120)
    assert health(served) == 8
    assert served.sample(in_progress) == 1
    assert not list((served.folder / "metrics").glob(f"gauge_live*_{killed}.db"))
