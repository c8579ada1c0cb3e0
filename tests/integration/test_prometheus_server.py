"""A real Prometheus on this machine, of a lesson or a test: it reads the project's rules, scrapes, and ends with its caller."""

import shutil
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psutil
import pytest

from lab import promql
from lab.course import own_prometheus
from lab.errors import InputError, ServiceError
from lab.prometheus_server import PrometheusServer
from lab.settings import ROOT, get_settings

pytestmark = pytest.mark.skipif(not shutil.which("prometheus"), reason="no program `prometheus`: on Debian, apt-get install prometheus")


class Program(BaseHTTPRequestHandler):
    """Says that Chroma is away."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b"chroma_up 0\nollama_up 1\n")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a program with metrics."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Program)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def url(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a Prometheus that scrapes it, and whose alerts are impatient."""
    with PrometheusServer(tmp_path_factory.mktemp("prometheus"), {"exporter": address}, every="1s", patience="1s") as server:
        yield server.url


def test_promtool_finds_no_mistake_in_the_configuration() -> None:
    words = ["promtool", "check", "config", str(ROOT / "monitoring" / "prometheus.yml")]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_when_it_should_and_stays_silent_when_it_should_not() -> None:
    files = [str(path) for path in sorted((ROOT / "monitoring" / "tests").glob("*.yml"))]
    done = subprocess.run(["promtool", "test", "rules", *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("SUCCESS") == len(files) == 3


def test_what_it_scrapes_can_be_asked_for(url: str, wait_until) -> None:
    wait_until(lambda: promql.query(url, "ollama_up"), "a first scrape")
    assert promql.targets(url)["exporter"] == "up"
    [sample] = promql.query(url, "ollama_up + 1")
    assert (sample.value, sample.labels["job"]) == (2, "exporter")
    assert promql.query(url, "1 + 1")[0].value == 2
    [series] = promql.query_range(url, "ollama_up", sample.points[-1][0] - 1, sample.points[-1][0], 1)
    assert {value for _, value in series.points} == {1.0}


def test_an_alert_fires_for_what_is_away_and_for_nothing_else(url: str, wait_until) -> None:
    wait_until(lambda: promql.alerts(url).get("ChromaDown") == "firing", "the alert")
    assert "OllamaDown" not in promql.alerts(url)


def test_a_question_with_a_mistake_is_told_with_prometheus_words(url: str) -> None:
    with pytest.raises(InputError, match="unclosed left parenthesis"):
        promql.query(url, "sum(rate(x[5m])")


def test_nobody_there_is_told(free_port) -> None:
    with pytest.raises(ServiceError, match="No Prometheus answers"):
        promql.query(f"http://127.0.0.1:{free_port()}", "up")


def test_a_taken_port_is_told_with_its_own_words(url: str, tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="address already in use"):
        PrometheusServer(tmp_path, {}, port=int(url.rpartition(":")[2])).start()


def test_that_of_a_lesson_keeps_its_files_in_the_lessons_folder_and_takes_them_away(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    get_settings.cache_clear()
    server = own_prometheus.start("09", {"exporter": address})
    assert promql.answers(server.url) and server.folder.parent == tmp_path / "work" / "09"
    own_prometheus.stop("09")
    get_settings.cache_clear()
    assert list((tmp_path / "work" / "09").iterdir()) == [] and not promql.answers(server.url)


def test_it_listens_on_this_machine_only(url: str) -> None:
    port = int(url.rpartition(":")[2])
    assert {c.laddr.ip for c in psutil.net_connections("tcp") if c.laddr.port == port and c.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
