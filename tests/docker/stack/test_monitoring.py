"""The profile monitoring in containers: Prometheus reads the API and the exporter, and knows the rules."""

from dataclasses import replace

import pytest

from lab import promql
from lab.settings import Settings

PATIENCE = 60  # seconds for a first scrape
ASK = """
import json
from lab import promql
from lab.settings import get_settings
print(json.dumps([get_settings().prometheus_url, [one.value for one in promql.query(get_settings().prometheus_url, "chroma_up")]]))
"""


@pytest.fixture(scope="module")
def monitored(lab):
    """The lab with Prometheus and the exporter. Grafana is left out: see the last test."""
    own = replace(lab, env=lab.env | {"COMPOSE_PROFILES": "monitoring"})
    try:
        own.do("up", "--wait", "--wait-timeout", "300", "prometheus", "exporter")
        yield own
    finally:
        own.compose("rm", "--stop", "--force", "prometheus", "exporter")


@pytest.fixture(scope="module")
def url(monitored):
    return monitored.url("prometheus")


def test_prometheus_reads_the_api_and_the_exporter(monitored, url, wait_until):
    wanted = {"api": "up", "exporter": "up", "prometheus": "up"}
    wait_until(lambda: promql.targets(url) == wanted, f"{wanted}", PATIENCE)
    assert monitored.containers()["prometheus"]["Health"] == "healthy"


def test_a_question_is_counted_and_found(monitored, url, wait_until):
    assert monitored.post("api", "/query", {"query": "What is a volume?"}).status_code == 200
    wait_until(lambda: promql.query(url, 'rag_queries_total{status="success"} > 0'), "the question", PATIENCE)


def test_the_exporter_sees_ollama_chroma_and_their_disks(url, wait_until):
    for expression in ("ollama_up == 1", "chroma_up == 1", 'lab:disk:free_share{of="models"} > 0', 'lab:disk:free_share{of="index"} > 0'):
        wait_until(lambda asked=expression: promql.query(url, asked), expression, PATIENCE)


def test_a_notebook_reaches_prometheus_by_its_name(monitored, url, wait_until):
    wait_until(lambda: promql.query(url, "chroma_up"), "a first scrape", PATIENCE)
    assert monitored.python(ASK) == ["http://prometheus:9090", [1.0]]


def test_an_api_that_is_gone_is_told_though_it_is_no_target_any_more(monitored, url, wait_until):
    monitored.do("stop", "api")
    wait_until(lambda: promql.alerts(url).get("ApiDown") in ("pending", "firing"), "ApiDown", PATIENCE)
    monitored.do("start", "api")
    wait_until(lambda: "ApiDown" not in promql.alerts(url), "the end of ApiDown", PATIENCE)


def test_prometheus_cannot_write_beside_its_volume_and_has_no_rights(monitored):
    done = monitored.compose("exec", "--no-TTY", "prometheus", "sh", "-c", "touch /etc/prometheus/x; grep CapEff /proc/1/status")
    assert "Read-only" in done.stderr and "0000000000000000" in done.stdout


def test_grafana_shows_its_dashboards_to_admin_only(engine, monitored):
    from docker.errors import ImageNotFound

    image = Settings.model_fields["grafana_image"].default
    try:
        engine.images.get(image)
    except ImageNotFound:
        pytest.skip(f"{image} is not here, and it is in no package: its dashboards are checked as data only")
    monitored.env["GRAFANA_PASSWORD"] = "s3cret"
    monitored.do("up", "--wait", "--wait-timeout", "300", "grafana")
    assert monitored.get("grafana", "/api/search").status_code == 401
    found = monitored.get("grafana", "/api/search?tag=slipway", auth=("admin", "s3cret")).json()
    assert {one["uid"] for one in found} == {"slipway-overview", "slipway-quality", "slipway-engine"}
    monitored.compose("rm", "--stop", "--force", "grafana")
