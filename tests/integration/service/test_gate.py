"""Back-pressure and the end of the server, with a real uvicorn and real connections."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.course.load import percentile

PROGRAM = Path(__file__).with_name("gate_server.py")
HOLD = {"query": "hold"}  # see gate_server.py


class Api:
    """A server with its log."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path, go: Path):
        self.process, self.url, self.log, self.go = process, url, log, go

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", timeout=10, trust_env=False)

    def counts(self) -> dict[str, float]:
        return {name: float(value) for name, value in re.findall(r"^(rag_questions_\w+) (\S+)$", self.get("/metrics").text, re.MULTILINE)}

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture
def serve(free_port: Callable[[], int], wait_until: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """`with serve(API_QUEUE=3) as api`: a server with these settings; answers that are held come when `api.go` exists."""

    @contextmanager
    def start(**variables: Any) -> Iterator[Api]:
        port, go, log = free_port(), tmp_path / "go", tmp_path / "log"
        env = {**os.environ, **{name: str(value) for name, value in variables.items()}}
        with log.open("wb") as output:
            process = subprocess.Popen([sys.executable, str(PROGRAM), str(port), str(go)], env=env, stdout=output, stderr=output)
        api = Api(process, f"http://127.0.0.1:{port}", log, go)
        try:
            wait_until(lambda: "Uvicorn running" in log.read_text() or process.poll() is not None, "the API", timeout=90)
            yield api
        finally:
            go.touch()
            process.kill()
            process.wait(10)

    return start


def client() -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(timeout=60, limits=limits, trust_env=False)


async def until(condition: Callable[[], bool], what: str) -> None:
    for _ in range(600):
        if await asyncio.to_thread(condition):
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"waited 30 s for {what}")


def test_probes_answer_in_milliseconds_while_two_hundred_wait(serve):
    async def scene(api: Api):
        async with client() as caller:
            tasks = [asyncio.create_task(caller.post(f"{api.url}/rag", json=HOLD)) for _ in range(204)]
            await until(lambda: api.counts()["rag_questions_waiting"] == 200, "200 in the line")
            seconds: dict[str, list[float]] = {"/health": [], "/ready": []}
            for path in list(seconds) * 20:
                began = time.perf_counter()
                assert (await caller.get(f"{api.url}{path}")).status_code == 200
                seconds[path].append(time.perf_counter() - began)
            refused = await caller.post(f"{api.url}/rag", json=HOLD)
            api.go.touch()
            return seconds, refused, Counter([one.status_code for one in await asyncio.gather(*tasks)])

    with serve(API_QUEUE=200) as api:
        seconds, refused, answered = asyncio.run(scene(api))
    told = {
        path: f"{percentile(values, 0.5) * 1000:.1f} ms (p95 {percentile(values, 0.95) * 1000:.1f})" for path, values in seconds.items()
    }
    print("with 200 waiting:", told)
    assert all(percentile(values, 0.5) < 0.1 for values in seconds.values()), told
    assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (503, True)
    assert answered == {200: 204}


def test_clients_that_go_away_leave_the_line_and_free_their_places(serve):
    async def scene(api: Api):
        async with client() as caller:
            tasks = [asyncio.create_task(caller.post(f"{api.url}/rag", json=HOLD)) for _ in range(10)]
            await until(lambda: api.counts()["rag_questions_waiting"] == 8, "8 in the line")
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await until(lambda: (api.counts()["rag_questions_waiting"], api.counts()["rag_questions_running"]) == (0, 0), "an empty line")

    with serve(API_CONCURRENCY=2) as api:
        asyncio.run(scene(api))
        statuses = [line["status"] for line in api.lines() if line.get("route") == "/rag"]
    assert statuses == [499] * 10


def test_told_to_stop_it_finishes_what_runs_and_refuses_the_rest(serve):
    async def scene(api: Api):
        async with client() as caller:
            tasks = [asyncio.create_task(caller.post(f"{api.url}/rag", json=HOLD)) for _ in range(5)]
            await until(lambda: api.counts()["rag_questions_waiting"] == 3, "3 in the line")
            api.process.send_signal(signal.SIGTERM)
            waited = await _first(tasks, 3)
            late = await caller.post(f"{api.url}/rag", json=HOLD)
            ready = await caller.get(f"{api.url}/ready")
            api.go.touch()
            return waited, late, ready, await asyncio.gather(*tasks)

    with serve(API_CONCURRENCY=2) as api:
        waited, late, ready, answers = asyncio.run(scene(api))
        api.process.wait(20)
    assert [one.status_code for one in waited] == [503, 503, 503]
    assert (late.status_code, late.headers["retry-after"], ready.status_code) == (503, "5", 503)
    assert Counter(one.status_code for one in answers) == {200: 2, 503: 3}


async def _first(tasks: list[Any], count: int) -> list[httpx.Response]:
    """The answers of those that end first."""
    while True:
        done = [task.result() for task in tasks if task.done()]
        if len(done) >= count:
            return done
        await asyncio.wait([task for task in tasks if not task.done()], timeout=30, return_when=asyncio.FIRST_COMPLETED)


def test_an_answer_that_does_not_end_stops_nobody_for_longer_than_set(serve):
    async def scene(api: Api):
        async with client() as caller:
            task = asyncio.create_task(caller.post(f"{api.url}/rag", json=HOLD))
            await until(lambda: api.counts()["rag_questions_running"] == 1, "a question that runs")
            api.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(api.process.wait, 15)
            await asyncio.gather(task, return_exceptions=True)

    with serve(API_STOP_TIMEOUT=1) as api:
        asyncio.run(scene(api))


def test_a_load_gets_answers_or_is_told_when_to_come_back(serve):
    """300 questions, 64 at once, on 4 places and a line of 16."""

    async def scene(api: Api):
        at_once = asyncio.Semaphore(64)
        async with client() as caller:

            async def ask(number: int) -> tuple[float, httpx.Response]:
                async with at_once:
                    began = time.perf_counter()
                    answer = await caller.post(f"{api.url}/rag", json={"query": "0.05"})
                    return time.perf_counter() - began, answer

            return await asyncio.gather(*map(ask, range(300)))

    with serve() as api:
        results = asyncio.run(scene(api))
        counts, lines = api.counts(), api.lines()
    statuses = Counter(answer.status_code for _, answer in results)
    for status in sorted(statuses):
        seconds = [took for took, answer in results if answer.status_code == status]
        shown = ", ".join(f"p{share * 100:.0f} {percentile(seconds, share) * 1000:.0f} ms" for share in (0.5, 0.95, 0.99))
        print(f"{statuses[status]} answers with {status}: {shown}")
    assert set(statuses) == {200, 503}
    assert statuses[200] >= 20 and counts["rag_questions_refused_total"] == statuses[503]
    assert all(int(answer.headers["retry-after"]) >= 1 for _, answer in results if answer.status_code == 503)
    logged = Counter(line["status"] for line in lines if line.get("route") == "/rag")
    assert logged == statuses


def test_beyond_this_machine_it_does_not_start_without_keys():
    run = subprocess.run([sys.executable, "-m", "lab.service", "--host", "0.0.0.0"], capture_output=True, text=True, timeout=60)
    assert (run.returncode, "lab key NAME" in run.stderr, "Traceback" in run.stderr) == (1, True, False)


def test_a_port_that_is_taken_ends_it_with_a_line_that_says_so():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = subprocess.run([sys.executable, "-m", "lab.service", "--port", port], capture_output=True, text=True, timeout=120)
    assert run.returncode != 0
    assert any("address already in use" in json.loads(line)["event"] for line in run.stdout.splitlines())
