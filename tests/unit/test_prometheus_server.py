"""Prometheus as a process of this machine: where its program is found, and what is written for it."""

import sys

import pytest
import yaml

from lab.errors import ServiceError
from lab.prometheus_server import MONITORING, find_prometheus, write_configuration
from lab.promql import Sample

TARGETS = {"api": "127.0.0.1:8000", "prometheus": "127.0.0.1:9090"}


def read(path):
    return yaml.safe_load(path.read_text("utf-8"))


def jobs(path):
    return {job["job_name"]: [one["targets"] for one in job["static_configs"]] for job in read(path)["scrape_configs"]}


def test_each_job_asks_the_address_that_it_was_given_and_no_other(tmp_path):
    assert jobs(write_configuration(tmp_path, TARGETS)) == {
        "api": [["127.0.0.1:8000"]],
        "exporter": [],
        "worker": [],
        "prometheus": [["127.0.0.1:9090"]],
    }
    assert "sd_configs" not in (tmp_path / "prometheus.yml").read_text("utf-8")


def test_the_rules_are_those_of_the_project(tmp_path):
    assert read(write_configuration(tmp_path, {}))["rule_files"] == [str(MONITORING / "rules/*.yml")]


def test_an_impatient_copy_changes_nothing_but_the_time(tmp_path):
    written = read(write_configuration(tmp_path, {}, every="1s", patience="2s"))
    assert written["global"]["scrape_interval"] == "1s"
    for file in (MONITORING / "rules").glob("*.yml"):
        ours, theirs = read(tmp_path / "rules" / file.name), read(file)
        waits = [rule.pop("for", None) for group in ours["groups"] for rule in group["rules"]]
        assert set(waits) <= {"2s", None}
        assert [rule.pop("for", None) for group in theirs["groups"] for rule in group["rules"]] and ours == theirs


def test_a_program_that_a_setting_names_wins():
    assert str(find_prometheus(sys.executable)) == sys.executable


def test_a_setting_that_names_no_program_is_told(tmp_path):
    with pytest.raises(ServiceError, match="PROMETHEUS_PROGRAM names"):
        find_prometheus(str(tmp_path / "nothing"))


def test_without_the_program_the_error_tells_how_to_get_it_and_what_works_without(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServiceError, match="no program `prometheus`") as error:
        find_prometheus()
    assert "apt-get install prometheus" in error.value.hint and "Without it" in error.value.hint


def test_the_value_of_a_series_is_its_newest():
    assert Sample({}, [(1.0, 2.0), (2.0, 3.0)]).value == 3.0
