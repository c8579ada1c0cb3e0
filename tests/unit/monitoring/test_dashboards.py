"""Grafana's three dashboards, read as data: Grafana itself is in no package, so what can be checked of them is checked here."""

import json
from itertools import combinations

import pytest
import yaml

from lab.settings import ROOT
from tests.unit.monitoring.test_rules import RECORDED

FOLDER = ROOT / "monitoring" / "grafana"
DASHBOARDS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((FOLDER / "dashboards").glob("*.json"))}
PANELS = [(name, panel) for name, one in DASHBOARDS.items() for panel in one["panels"]]
every_panel = pytest.mark.parametrize("panel", [panel for _, panel in PANELS], ids=[f"{name}-{panel['id']}" for name, panel in PANELS])


def test_there_are_three_and_each_has_the_uid_of_its_file():
    assert {name: one["uid"] for name, one in DASHBOARDS.items()} == {
        n: n for n in ("slipway-engine", "slipway-overview", "slipway-quality")
    }


@every_panel
def test_a_panel_has_a_title_and_a_sentence_about_it(panel):
    assert panel["title"] and panel["description"].endswith(".")


@every_panel
def test_a_panel_asks_the_data_source_that_is_provisioned(panel):
    source = yaml.safe_load((FOLDER / "provisioning/datasources/prometheus.yml").read_text("utf-8"))["datasources"][0]
    wanted = {"type": source["type"], "uid": source["uid"]}
    assert [panel["datasource"], *(target["datasource"] for target in panel["targets"])] == [wanted] * (len(panel["targets"]) + 1)


@every_panel
def test_a_panel_uses_only_results_that_are_recorded(panel):
    words = " ".join(target["expr"] for target in panel["targets"]).replace("(", " ").replace("{", " ").split()
    assert {word for word in words if word.startswith(("rag:", "lab:"))} <= RECORDED


@every_panel
def test_a_panel_about_time_leaves_out_what_was_refused_in_milliseconds(panel):
    asked = [target["expr"] for target in panel["targets"] if "rag_query_duration_seconds" in target["expr"]]
    assert all('status!~"busy|invalid"' in expression for expression in asked)


def test_questions_that_found_the_line_full_have_a_panel_beside_the_failures():
    panels = {panel["targets"][0]["expr"]: panel["gridPos"] for panel in DASHBOARDS["slipway-overview"]["panels"]}
    refused, failed = panels["sum(rate(rag_questions_refused_total[5m]))"], panels["rag:queries:error_share_5m"]
    assert (refused["x"], refused["y"]) == (failed["x"] + failed["w"], failed["y"])


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_panels_have_numbers_of_their_own_and_do_not_overlap(name):
    panels = DASHBOARDS[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        {(x, y) for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])} for g in (p["gridPos"] for p in panels)
    ]
    assert all(not one & other for one, other in combinations(cells, 2))
    assert max(x for cell in cells for x, _ in cell) < 24


def test_the_provider_shows_the_folder_that_compose_mounts():
    provider = yaml.safe_load((FOLDER / "provisioning/dashboards/slipway.yml").read_text("utf-8"))["providers"][0]
    mounted = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]["grafana"]["volumes"]
    assert f"./monitoring/grafana/dashboards:{provider['options']['path']}:ro" in mounted
