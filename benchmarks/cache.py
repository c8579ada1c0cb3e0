"""What a kept answer costs: against FastAPI's hello world on an equal server, by level, and when many ask the same at once.

Both servers run in processes of their own, with uvicorn as the API sets it up; the client keeps 16 connections open, sends
prepared bytes, and parses nothing but the length, so that it is not what is measured. Sides take turns.
"""

import asyncio
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks.measure import Row, median_ratio, spread, take_turns
from benchmarks.servers import lab
from lab.addresses import free_port
from lab.redis_server import RedisServer
from lab.settings import Settings
from lab.tied import Tied

ROUNDS = 9
SECONDS = 1.0  # of load in each round
CONNECTIONS = 16
QUESTION = {"query": "Which port does Chroma listen on?"}
STAMPEDE = 20


class Caller(asyncio.Protocol):
    """One connection that asks again as soon as it has been answered. Every answer has the length of the first one."""

    def __init__(self, request: bytes, count: list[int]):
        self.request, self.count = request, count
        self.seen = b""

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        """Ask again after a whole answer."""
        self.seen += data
        head, found, body = self.seen.partition(b"\r\n\r\n")
        if not found or len(body) < int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]):
            return
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode() + body.decode())
        self.seen = b""
        self.count[0] += 1
        self.transport.write(self.request)


def request_bytes(path: str, body: dict[str, Any]) -> bytes:
    """A POST as it goes over the wire."""
    content = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    return head.encode() + content


def throughput(port: int, path: str, body: dict[str, Any]) -> float:
    """Answers a second."""

    async def run() -> float:
        count, loop = [0], asyncio.get_running_loop()
        made = [
            await loop.create_connection(lambda: Caller(request_bytes(path, body), count), "127.0.0.1", port) for _ in range(CONNECTIONS)
        ]
        started, before = time.perf_counter(), count[0]
        await asyncio.sleep(SECONDS)
        answered, took = count[0] - before, time.perf_counter() - started
        for transport, _ in made:
            transport.abort()
        return answered / took

    return asyncio.run(run())


@contextlib.contextmanager
def serving(*command: str, port: int, path: str, **variables: str) -> Iterator[psutil.Process]:
    """A server process; returns when it answers, ends it at the end."""
    with tempfile.TemporaryDirectory() as folder:
        process = Tied([sys.executable, *command], Path(folder) / "log", {**os.environ, **variables})
        try:
            _wait(process, f"http://127.0.0.1:{port}{path}")
            yield psutil.Process(process.pid)
        finally:
            process.stop(20)


def _wait(process: Tied, url: str) -> None:
    deadline = time.monotonic() + 90
    while process.runs and time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError(f"no server at {url}")


def post(port: int, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    """An answer."""
    sent = {"content-type": "application/json", **headers}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), sent)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return dict(json.load(answer))


def rows() -> Iterator[Row]:
    """Throughput of a hit, latency by level, computations of a stampede."""
    from lab.rag.pipeline import Rag

    with lab() as settings, RedisServer(Path(settings.lab_home) / "bench-redis") as redis:
        Rag.open(settings).ingest(settings.corpus)
        api, hello = free_port(), free_port()
        api_command = ("-m", "lab.service", "--port", str(api))
        with serving(*api_command, port=api, path="/ready", REDIS_URL=redis.url, API_CACHE_ENTRIES="2") as ours:
            with serving("-m", "benchmarks.hello", str(hello), port=hello, path="/hello") as theirs:
                yield _throughput(api, ours, hello, theirs)
            yield from _latency(settings, api)
            yield _stampede(api)


def _throughput(api: int, ours: psutil.Process, hello: int, theirs: psutil.Process) -> Row:
    post(api, "/query", QUESTION)
    if post(api, "/query", QUESTION)["cached"] != "memory":
        raise RuntimeError("the answer was not kept")
    before = ours.cpu_times().user, theirs.cpu_times().user
    ours_s, theirs_s = take_turns(lambda: throughput(api, "/query", QUESTION), lambda: throughput(hello, "/hello", QUESTION), rounds=ROUNDS)
    cpu = [process.cpu_times().user - start for process, start in zip((ours, theirs), before, strict=True)]
    each = [1e6 * used / (SECONDS * sum(rate)) for used, rate in zip(cpu, (ours_s, theirs_s), strict=True)]
    note = f"{spread(ours_s)} against {spread(theirs_s)} answers/s; {each[0]:.0f} against {each[1]:.0f} µs of the server's CPU for each"
    return Row(
        "cache: POST /query kept in memory / FastAPI's hello world (throughput)", median_ratio(ours_s, theirs_s), 0.8, "at least", note=note
    )


def _latency(settings: Settings, api: int) -> Iterator[Row]:
    """The first level holds two answers: of three questions in turn, each comes from Redis."""
    asked = [{"query": f"Which port does Chroma listen on{end}"} for end in ("?", " today?", " here?")]
    computed = [_took(api, body, "False", cache_control="no-cache") for body in asked for _ in range(2)]
    redis = [_took(api, asked[number % 3], "redis") for number in range(60)]
    memory = [_took(api, asked[2], "memory") for _ in range(60)]
    p50 = [statistics.median(figures) for figures in (memory, redis, computed)]
    note = f"p50 of one caller: memory {spread(memory)} ms, Redis {spread(redis)} ms, computed {spread(computed)} ms"
    yield Row("cache: kept in Redis / computed (latency)", p50[1] / p50[2], 0.1, "at most", note=note)
    yield Row("cache: kept in memory / kept in Redis (latency)", p50[0] / p50[1], 1.0, "at most", note=note)


def _took(port: int, body: dict[str, Any], level: str, **headers: str) -> float:
    started = time.perf_counter()
    answer = post(port, "/query", body, **{name.replace("_", "-"): value for name, value in headers.items()})
    took = 1000 * (time.perf_counter() - started)
    if str(answer["cached"]) != level:
        raise RuntimeError(f"{body} came from {answer['cached']} and not from {level}")
    return took


def _stampede(port: int) -> Row:
    from concurrent.futures import ThreadPoolExecutor

    def computed() -> float:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as metrics:
            lines = metrics.read().decode().splitlines()
        return float(next(line.split()[-1] for line in lines if line.startswith('rag_cache_events_total{event="computed"')))

    before = computed()
    with ThreadPoolExecutor(STAMPEDE) as callers:
        answers = list(callers.map(lambda _: post(port, "/query", {"query": "How do I back up a volume?"})["answer"], range(STAMPEDE)))
    note = f"{STAMPEDE} equal questions at once, {len(set(answers))} answer"
    return Row("cache: computations for equal questions at once", computed() - before, 1, "at most", unit="computations", note=note)
