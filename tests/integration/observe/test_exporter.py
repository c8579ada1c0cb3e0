"""The exporter as a process beside a real lab, and the lines of one request in the logs of two services."""

import os
import subprocess
import sys

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from lab.course.serve import serving
from lab.observe.joined import of_request
from lab.rag.pipeline import Rag
from lab.service.app import create_app
from lab.settings import load_settings


@pytest.fixture
def scrape(running_lab, free_port, wait_until):
    """Gives what an exporter of its own shows, as a dict by name and label values."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "lab.observe", "--port", str(port)], env=dict(os.environ), stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def alive():
        try:
            return httpx.get(f"{url}/health", trust_env=False).is_success
        except httpx.ConnectError:
            return False

    def read():
        families = text_string_to_metric_families(httpx.get(f"{url}/metrics", trust_env=False, timeout=10).text)
        return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}

    try:
        wait_until(alive, "the exporter", 60)
        yield read
    finally:
        process.terminate()
        process.wait(10)


def test_the_lab_is_seen_as_it_is(running_lab, scrape, wait_until):
    rag = Rag.open(load_settings(**{**running_lab.model_dump(), "collection": "exporter-test"}))
    rag.ingest_text("Chroma listens on port 8000.", "ports.md")
    seen = wait_until(lambda: _both_up(scrape()), "both servers in time", 60)
    listed = {one["name"]: one["size"] for one in httpx.get(f"{running_lab.ollama_host}/api/tags", trust_env=False).json()["models"]}
    assert {key[1]: value for key, value in seen.items() if key[0] == "ollama_model_size_bytes"} == listed
    assert seen["ollama_models",] == len(listed)
    assert seen["ollama_loaded_model_bytes", "all-minilm:latest"] > 0
    assert 0 < seen["ollama_loaded_model_expires_seconds", "all-minilm:latest"] <= 300
    assert seen["chroma_collection_records", "exporter-test"] == 1
    assert 0 < seen["lab_disk_free_bytes", "models"] < seen["lab_disk_size_bytes", "models"]


def _both_up(found):
    return found if found["ollama_up",] and found["chroma_up",] else None


def test_the_engines_lines_of_a_request_have_the_id_of_its_caller(running_lab):
    with serving(create_app(load_settings(**{**running_lab.model_dump(), "collection": "joined-test"}))) as served:
        sent = {"text": "Chroma listens on port 8000.", "source": "ports.md"}
        assert httpx.post(f"{served.url}/ingest", json=sent, headers={"X-Request-ID": "joined-1"}, timeout=60).status_code == 200
    log = (running_lab.lab_home / "logs" / "ollama.log").read_text("utf-8").splitlines()
    found = of_request((("ollama", line) for line in log), "joined-1")
    assert any("POST /api/embed" in line for _, line in found)
