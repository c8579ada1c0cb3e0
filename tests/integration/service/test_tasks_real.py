"""The same with the real pipeline: a worker as `lab up` starts it, the engine, Chroma."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from lab.rag.pipeline import Rag
from lab.settings import load_settings

PORTS = {f"service{number}.md": f"# Service {number}\n\nService {number} listens on port {7000 + number}." for number in range(48)}


@pytest.fixture(scope="module")
def real(running_lab, redis_of_module, tmp_path_factory):
    values = {"redis_url": redis_of_module.url, "collection": "tasks-test", "worker_time_limit": 60, "worker_redelivery": 61}
    return load_settings(**{**running_lab.model_dump(), **values, "lab_home": tmp_path_factory.mktemp("home")})


@pytest.fixture(scope="module")
def worker(real, tmp_path_factory, wait_until):
    own = {
        name.upper(): str(value) for name, value in real.model_dump().items() if name.startswith(("worker_", "redis_", "chat_", "lab_home"))
    }
    log = tmp_path_factory.mktemp("worker") / "log"
    with log.open("wb") as out:
        env = {**os.environ, **own, "COLLECTION": real.collection}
        process = subprocess.Popen([sys.executable, "-m", "lab.service.tasks"], env=env, stdout=out, stderr=out, start_new_session=True)
    try:
        wait_until(lambda: (real.lab_home / "workers" / str(process.pid)).exists(), "the worker to be ready", 120)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(30) == 0, log.read_text()[-2000:]
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def test_a_batch_is_indexed_once_although_its_process_is_killed_twice(api_on, real, worker, wait_until):
    api = api_on(real)
    documents = [{"id": name, "text": text} for name, text in PORTS.items()]
    issued = api.post("/batch_index", json={"documents": documents}).json()
    for _ in range(2):
        wait_until(lambda: api.get(f"/task_status/{issued['task_id']}").json()["status"] != "queued", "the batch to begin", 60)
        old = psutil.Process(worker.pid).children()[0]
        old.kill()
        wait_until(lambda: old not in (now := psutil.Process(worker.pid).children()) and now, "its successor", 10)  # noqa: B023

    def ended():
        status = api.get(f"/task_status/{issued['task_id']}").json()
        return status if status["status"] in ("completed", "failed") else None

    status = wait_until(ended, "the batch to end", 120)
    assert (status["status"], status["result"]["documents"], status["result"]["indexed"]) == ("completed", 48, 48)
    stored = list(Rag.open(real).store.collection().records("metadata"))
    assert sorted(one["metadata"]["source"] for one in stored) == sorted(PORTS)  # each of them once


def test_a_question_is_answered_from_what_was_indexed(api_on, real, worker, wait_until):
    api = api_on(real)
    place = api.post("/query_async", json={"query": "On which port does Service 17 listen?"}).headers["location"]
    status = wait_until(lambda: (s := api.get(place).json())["status"] in ("completed", "failed") and s, "the answer", 120)
    assert (status["status"], "7017" in status["result"]["answer"]) == ("completed", True)
