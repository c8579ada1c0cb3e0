"""/api/pull from a registry, through a running engine and the official client."""

import os
import random
import subprocess
import sys
import threading

import httpx
import ollama
import pytest

WEIGHTS = random.Random(3).randbytes(3_000_000)


@pytest.fixture
def digest(registry):
    return registry.add("library/tiny:latest", WEIGHTS, system="Be brief.")


@pytest.fixture
def start_engine(tmp_path, lab_variables, registry, wait_until):
    """Starts an engine that pulls from the registry; every one has the same store."""
    started = []
    variables = lab_variables(tmp_path)

    def start():
        environment = {**os.environ, **variables, "OLLAMA_REGISTRY": registry.url}
        process = subprocess.Popen([sys.executable, "-m", "lab.engine", "serve"], env=environment, stderr=subprocess.DEVNULL)
        started.append(process)
        wait_until(lambda: answers(variables["OLLAMA_HOST"]), "the engine", timeout=60)
        return process, ollama.Client(variables["OLLAMA_HOST"], trust_env=False)

    yield start
    for process in started:
        process.kill()
        process.wait(20)


def answers(url):
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


def names(client):
    return [model.model for model in client.list().models]


def test_official_client_pulls_from_the_registry(start_engine, digest):
    _, client = start_engine()
    assert [status.status for status in client.pull("tiny", stream=True)][-1] == "success"
    assert names(client) == ["tiny:latest"]


def test_failure_in_mid_stream_is_the_last_line(start_engine, registry, digest):
    registry.blobs[digest] = WEIGHTS[::-1]
    _, client = start_engine()
    with pytest.raises(ollama.ResponseError, match="digest mismatch, file must be downloaded again"):
        list(client.pull("tiny", stream=True))
    assert names(client) == []


def test_failure_without_stream_is_a_500(start_engine):
    _, client = start_engine()
    with pytest.raises(ollama.ResponseError, match="pull model manifest: file does not exist") as raised:
        client.pull("nope")
    assert raised.value.status_code == 500


def test_client_that_goes_away_leaves_a_part_that_the_next_pull_continues(start_engine, registry, digest, wait_until):
    registry.slow = threading.Event()
    _, client = start_engine()
    statuses = client.pull("tiny", stream=True)
    next(statuses), next(statuses)
    statuses.close()
    registry.slow.set()
    assert client.pull("tiny").status == "success"
    assert names(client) == ["tiny:latest"]


def test_engine_killed_in_mid_pull_continues_after_a_restart(start_engine, registry, digest, tmp_path, wait_until):
    registry.slow = threading.Event()
    process, client = start_engine()
    statuses = client.pull("tiny", stream=True)
    next(statuses)
    part = tmp_path / "models" / "blobs" / f"sha256-{digest[7:]}-partial"
    wait_until(lambda: part.exists() and part.stat().st_size > 100_000, "a part of the download")
    process.kill()
    statuses.close()
    registry.slow.set()
    _, client = start_engine()
    assert names(client) == []
    assert client.pull("tiny").status == "success"
    assert registry.gets(digest)[-1].startswith("bytes=")


def test_base_of_a_new_model_is_pulled_from_the_registry(start_engine, digest):
    _, client = start_engine()
    assert client.create("mine", from_="tiny", system="Be long.").status == "success"
    assert names(client) == ["mine:latest", "tiny:latest"]
