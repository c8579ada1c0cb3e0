"""Alerts and recording rules: what each tells a reader, and that `promtool` has a case for and against each."""

import re

import pytest
import yaml

from lab.settings import ROOT

FOLDER = ROOT / "monitoring"
GROUPS = [group for file in sorted((FOLDER / "rules").glob("*.yml")) for group in yaml.safe_load(file.read_text("utf-8"))["groups"]]
RULES = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
CASES = [
    case
    for file in sorted((FOLDER / "tests").glob("*.yml"))
    for test in yaml.safe_load(file.read_text("utf-8"))["tests"]
    for case in test["alert_rule_test"]
]


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_an_alert_says_how_bad_it_is_and_what_happened(name):
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in ("critical", "warning", "info")
    assert alert["annotations"]["summary"].endswith(".") and alert["annotations"]["description"].endswith(".")
    assert alert["for"]


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_the_article_of_an_alert_names_it(name):
    article = ROOT / "corpus" / ALERTS[name]["annotations"]["runbook"]
    assert f"`{name}`" in article.read_text("utf-8")


def test_every_runbook_belongs_to_an_alert():
    assert {path.name for path in (ROOT / "corpus").glob("runbook-*.md")} == {one["annotations"]["runbook"] for one in ALERTS.values()}


@pytest.mark.parametrize("name", sorted(ALERTS))
@pytest.mark.parametrize("fires", [True, False], ids=["fires", "stays silent"])
def test_promtool_has_a_case_in_which_an_alert(name, fires):
    assert any(bool(case["exp_alerts"]) == fires for case in CASES if case["alertname"] == name)


def test_rules_use_only_results_that_are_recorded():
    used = {name for rule in RULES for name in re.findall(r"\b(?:rag|lab):[\w:]+", rule["expr"])}
    assert used <= RECORDED
