import errno
import shutil
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from lab.course.fake_ollama import away
from lab.observe.exporter import chroma, ollama
from lab.observe.exporter.disk import Disk
from lab.observe.exporter.looks import Look, Looks
from lab.observe.exporter.ollama import FOR_EVER
from lab.observe.serve import serve

# As Ollama 0.33 writes it: nine digits of a second, the zone of its machine, and centuries for a model that stays.
SOON = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.123456789+00:00")
OLLAMA = {
    "/api/version": {"version": "0.33.3"},
    "/api/tags": {"models": [{"name": "smollm2:135m", "size": 100}, {"name": "all-minilm:latest", "size": 40}]},
    "/api/ps": {
        "models": [
            {"name": "smollm2:135m", "size": 300, "size_vram": 200, "expires_at": SOON},
            {"name": "all-minilm:latest", "size": 60, "expires_at": "2318-03-01T01:02:03.5+09:00"},
        ]
    },
}
BASE = "/api/v2/tenants/default_tenant/databases/default_database"
CHROMA = {
    "/api/v2/heartbeat": {"nanosecond heartbeat": 1},
    "/api/v2/version": "1.0.0",
    f"{BASE}/collections_count": 25,
    f"{BASE}/collections?limit=20": [{"id": "a1", "name": "handbook"}],
    f"{BASE}/collections/a1/count": 812,
}


def read(look, answers):
    families = {family.name: family for family in look(answers.__getitem__)}
    return {name: {tuple(one.labels.values()): one.value for one in family.samples} for name, family in families.items()}


def scrape(*looks, deadline=1.5):
    registry = CollectorRegistry()
    registry.register(Looks(looks, deadline))
    started = time.monotonic()
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {sample.name: sample.value for family in families for sample in family.samples}, time.monotonic() - started


def test_models_in_the_store_and_in_memory_are_told():
    figures = read(ollama.read, OLLAMA)
    assert (figures["ollama_models"][()], figures["ollama_loaded_models"][()]) == (2, 2)
    assert figures["ollama_model_size_bytes"] == {("smollm2:135m",): 100, ("all-minilm:latest",): 40}
    assert figures["ollama_loaded_model_bytes"][("smollm2:135m",)] == 300
    assert figures["ollama_loaded_model_vram_bytes"] == {("smollm2:135m",): 200, ("all-minilm:latest",): 0}


def test_the_time_until_a_model_is_unloaded_is_read_however_it_is_written():
    left = read(ollama.read, OLLAMA)["ollama_loaded_model_expires_seconds"]
    assert 1800 < left[("smollm2:135m",)] <= 3600
    assert left[("all-minilm:latest",)] == FOR_EVER
    assert ollama._left("292277026596-12-04T15:30:07Z") == FOR_EVER
    assert ollama._left("2020-01-01T00:00:00Z") == 0


def test_a_server_without_models_has_zeros():
    figures = read(ollama.read, {**OLLAMA, "/api/tags": {"models": None}, "/api/ps": {"models": []}})
    assert (figures["ollama_models"][()], figures["ollama_loaded_models"][()]) == (0, 0)


def test_records_are_told_by_collection():
    figures = read(chroma.read, CHROMA)
    assert figures["chroma_collections"][()] == 25
    assert figures["chroma_collection_records"] == {("handbook",): 812}


def test_a_server_that_is_away_is_down_at_once_and_not_an_error():
    figures, took = scrape(Look("ollama", away(), ollama.read), Look("chroma", away(), chroma.read))
    assert figures == {"ollama_up": 0, "chroma_up": 0}
    assert took < 2


def test_a_server_that_hangs_costs_no_more_than_the_deadline():
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        look = Look("ollama", f"http://127.0.0.1:{silent.getsockname()[1]}", ollama.read)
        figures, took = scrape(look, Look("chroma", away(), chroma.read), deadline=0.5)
    assert figures == {"ollama_up": 0, "chroma_up": 0}
    assert took < 2


def test_a_server_that_answers_nonsense_is_not_up(free_port):
    port = free_port()
    other = serve(CollectorRegistry(), "127.0.0.1", port)
    figures, _ = scrape(Look("ollama", f"http://127.0.0.1:{port}", ollama.read))
    other.shutdown()
    other.server_close()
    assert figures == {"ollama_up": 0}


def test_looks_do_not_pile_up_behind_one_that_hangs():
    begun, free = [], threading.Event()

    def slow(get):
        begun.append(1)
        free.wait(10)
        return []

    looks = Looks([Look("ollama", "http://127.0.0.1:1", slow)], deadline=0.05)
    for _ in range(3):
        assert [metric.samples[0].value for metric in looks.collect()] == [0]
    free.set()
    looks._pool.shutdown()
    assert len(begun) == 1


def test_two_scrapes_at_the_same_moment_both_see_a_server_that_is_up():
    free = threading.Event()
    looks = Looks([Look("ollama", "http://127.0.0.1:1", lambda get: free.wait(10) and [])], deadline=10)
    with ThreadPoolExecutor(2) as scrapes:
        both = [scrapes.submit(lambda: next(looks.collect()).samples[0].value) for _ in range(2)]
        assert not wait(both, timeout=0.2).done  # neither gives up while the look goes on
        free.set()
    assert [one.result() for one in both] == [1, 1]


def test_a_number_that_is_none_means_that_the_server_is_not_up_and_costs_no_scrape():
    answers = {**CHROMA, f"{BASE}/collections_count": {"error": "no such thing"}}
    strange = Look("chroma", away(), lambda _: chroma.read(answers.__getitem__))
    assert scrape(strange)[0] == {"chroma_up": 0}


def test_a_disk_that_cannot_be_asked_costs_the_others_nothing(tmp_path, monkeypatch):
    stale, asked = tmp_path / "stale", shutil.disk_usage
    stale.mkdir()

    def usage(folder):
        if folder == stale:
            raise OSError(errno.ESTALE, "Stale file handle")
        return asked(folder)

    monkeypatch.setattr("lab.observe.exporter.disk.shutil.disk_usage", usage)
    free, size = Disk({"models": stale, "index": tmp_path}).collect()
    assert [[one.labels["of"] for one in family.samples] for family in (free, size)] == [["index"], ["index"]]


def test_the_disk_of_a_folder_to_come_is_that_of_the_folder_above(tmp_path):
    free, size = Disk({"models": tmp_path / "not" / "yet"}).collect()
    assert 0 < free.samples[0].value < size.samples[0].value
    assert free.samples[0].labels == {"of": "models"}


@pytest.mark.parametrize(("path", "kind"), [("/health", "application/json"), ("/metrics", "text/plain")])
def test_a_probe_and_a_scrape_are_answered(free_port, path, kind):
    port = free_port()
    server = serve(CollectorRegistry(), "127.0.0.1", port)
    answer = httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False)
    server.shutdown()
    server.server_close()
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, kind)
