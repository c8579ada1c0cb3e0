"""The profile monitoring as processes of this machine: after a load, every dashboard panel, rule and figure of the board has data."""

import json
import math
import os
import re
import shutil
import signal
from pathlib import Path

import httpx
import pytest
import yaml

from lab import promql
from lab.observe.board import Reader
from lab.observe.figures import FIGURES, QUEUED, WINDOW
from lab.prometheus_server import PrometheusServer
from lab.settings import ROOT, Settings, load_settings

NONE = not shutil.which("prometheus")
pytestmark = pytest.mark.skipif(NONE, reason="no program `prometheus`: on Debian, apt-get install prometheus")

MONITORING = ROOT / "monitoring"
PANELS = [
    (f"{path.stem}: {panel['title']} ({target['refId']})", target["expr"])
    for path in sorted((MONITORING / "grafana" / "dashboards").glob("*.json"))
    for panel in json.loads(path.read_text("utf-8"))["panels"]
    for target in panel["targets"]
]
RULES = [
    rule
    for path in sorted((MONITORING / "rules").glob("*.yml"))
    for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
ALERTS = [rule for rule in RULES if "alert" in rule]
METRIC = re.compile(r"\b(?:rag|lab|ollama|chroma)[:_][a-z_:0-9]+\b")
PARTS = ("ollama", "chroma", "redis", "api", "worker", "exporter", "prometheus")  # without JupyterLab, the slowest to start
TARGETS = dict.fromkeys(("api", "exporter", "worker", "prometheus"), "up")
PATIENCE = 40  # seconds for a number that was counted to be scraped, and recorded


def settings_of(lab) -> Settings:
    """As a process of this lab has them."""
    return load_settings(**json.loads((lab.home / "lab.json").read_text())["settings"], lab_home=lab.home)


def call(settings: Settings, path: str, body: dict) -> httpx.Response:
    return httpx.post(settings.api_url + path, json=body, timeout=120, trust_env=False)


def load(settings: Settings, wait_until) -> None:
    """A little of everything that is counted."""
    documents = [{"id": "bread", "text": "# Bread\n\nBread is baked in an oven at 230 degrees."}]
    assert call(settings, "/index", {"documents": documents}).is_success
    for question in ("What is a named volume?", "What is a named volume?", "Who won the race in 1987?", "How hot is the oven for bread?"):
        assert call(settings, "/query", {"query": question}).is_success
    assert call(settings, "/query", {"query": "What stays when a container is removed?", "stream": True}).is_success
    task = call(settings, "/query_async", {"query": "What is baked in an oven?"}).json()["task_id"]
    at = f"{settings.api_url}/task_status/{task}"
    wait_until(lambda: httpx.get(at, trust_env=False).json()["status"] == "completed", "the task", 60)
    assert call(settings, "/query", {"query": ""}).status_code == 422


@pytest.fixture(scope="module")
def monitored(tmp_path_factory, make_lab, wait_until):
    """A lab with both profiles that has answered a few questions."""
    with make_lab(tmp_path_factory.mktemp("home"), COMPOSE_PROFILES="production,monitoring", START_TIMEOUT="180") as lab:
        lab.up_quickly(*PARTS)
        settings = settings_of(lab)
        # first read, then counted: of a count that Prometheus has seen only once, no rate can be told
        wait_until(lambda: promql.targets(settings.prometheus_url) == TARGETS, f"{TARGETS}", PATIENCE)
        load(settings, wait_until)
        yield lab


@pytest.fixture(scope="module")
def url(monitored):
    """Of its Prometheus."""
    return settings_of(monitored).prometheus_url


def has_data(url: str, expression: str) -> bool:
    return any(not math.isnan(sample.value) for sample in promql.query(url, expression))


def test_every_part_runs_and_every_target_is_read(monitored, url, wait_until):
    states = monitored.states()
    assert (states["prometheus"], states["exporter"]) == ("running", "running")
    wait_until(lambda: promql.targets(url) == TARGETS, f"{TARGETS}", PATIENCE)


@pytest.mark.parametrize("expression", [expression for _, expression in PANELS], ids=[name for name, _ in PANELS])
def test_a_panel_shows_data(url, expression, wait_until):
    wait_until(lambda: has_data(url, expression), f"data for {expression}", PATIENCE)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("record") or rule["alert"])
def test_a_rule_is_made_of_metrics_that_exist(url, rule, wait_until):
    for metric in METRIC.findall(rule["expr"]):
        wait_until(lambda metric=metric: promql.query(url, metric), f"the metric {metric} of {rule}", PATIENCE)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.title)
def test_a_figure_of_the_board_has_data(url, figure, wait_until):
    longer = figure.promql.replace(f"[{WINDOW}s]", "[10m]")  # the load may be a minute old by now
    wait_until(lambda: has_data(url, longer), f"data for {longer}", PATIENCE)


def test_the_board_reads_the_api_itself_where_there_is_no_prometheus(monitored, url, wait_until):
    settings = settings_of(monitored)
    without = Reader(settings.model_copy(update={"prometheus_url": "http://127.0.0.1:1"}))
    without.look()
    call(settings, "/query", {"query": "Which degrees does bread need in the oven?"})
    values = without.look().values
    assert [figure.title for figure in FIGURES if math.isnan(values[figure.title]) and figure is not QUEUED] == []


def test_no_alert_is_pending_or_fires_while_all_is_well(url, wait_until):
    """For six evaluations: at the first ones, no target had been read. The disk is that of whoever runs the tests."""
    seen = 'sum by (alertname) (count_over_time(ALERTS{alertname!="DiskAlmostFull"}[30s]))'
    wait_until(lambda: promql.query(url, "lab:disk:free_share") and not promql.query(url, seen), f"none of {seen}", 2 * PATIENCE)


def test_an_alert_fires_when_chroma_dies_and_ends_when_it_is_back(monitored, tmp_path: Path, wait_until):
    settings = settings_of(monitored)
    with PrometheusServer(tmp_path, {"exporter": f"127.0.0.1:{settings.exporter_port}"}, every="1s", patience="1s") as impatient:
        wait_until(lambda: has_data(impatient.url, "chroma_up == 1"), "a well Chroma", PATIENCE)
        os.kill(monitored.pids()["chroma"], signal.SIGKILL)
        wait_until(lambda: promql.alerts(impatient.url).get("ChromaDown") == "firing", "ChromaDown", PATIENCE)
        assert "OllamaDown" not in promql.alerts(impatient.url)
        monitored.up_quickly(*PARTS)
        wait_until(lambda: "ChromaDown" not in promql.alerts(impatient.url), "the end of the alert", PATIENCE)


def test_a_changed_port_is_scraped_after_the_next_start(monitored, free_port, wait_until):
    monitored.env["EXPORTER_PORT"] = str(free_port())
    monitored.up_quickly(*PARTS)
    settings = settings_of(monitored)
    asked = f'up{{job="exporter", instance="127.0.0.1:{settings.exporter_port}"}} == 1'
    wait_until(lambda: promql.query(settings.prometheus_url, asked), asked, PATIENCE)


def test_stopped_it_leaves_its_samples(monitored):
    assert "prometheus" in monitored.run("down").stdout
    assert (monitored.home / "prometheus" / "data" / "wal").is_dir()


def test_without_the_program_nothing_is_started_and_the_way_is_shown(lab):
    lab.env["PROMETHEUS_PROGRAM"] = str(lab.home / "nothing")
    done = lab.run("up", "--profile", "monitoring")
    assert done.returncode == 1
    assert "which is no program" in done.stderr and "apt-get install prometheus" in " ".join(done.stderr.split())
    assert lab.processes() == []
