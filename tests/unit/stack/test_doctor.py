"""The doctor is silent on a healthy machine, and each finding names what mends it."""

import os
import shutil
import subprocess
import sys
import time
from collections import namedtuple
from types import SimpleNamespace

import psutil
import pytest

from lab import bootstrap
from lab.engine.weights import CATALOGUE
from lab.errors import EngineError, LabError
from lab.settings import load_settings
from lab.stack import compose_checks, doctor
from lab.stack.process import Record
from lab.stack.state import State, write_state


def only(findings):
    found = list(findings)
    assert len(found) == 1, found
    return found[0]


def test_a_setting_that_cannot_work_is_the_only_finding(settings, monkeypatch):
    monkeypatch.setenv("CHROMA_PORT", "many")
    finding = only(doctor.examine())
    assert "CHROMA_PORT=many" in finding.symptom


@pytest.mark.parametrize(
    "check", [doctor.packages, doctor.disk, doctor.memory, doctor.state_file, doctor.services, doctor.models, doctor.lost, doctor.weights]
)
def test_a_healthy_machine_hears_nothing(check, settings):
    assert list(check(settings)) == []


def test_a_package_in_another_version_is_named(settings, monkeypatch):
    monkeypatch.setattr(doctor, "locked_versions", lambda: [("pytest", "0.1"), ("no-such-package", "2")])
    finding = only(doctor.packages(settings))
    assert "instead of 0.1" in finding.symptom
    assert "no-such-package nothing instead of 2" in finding.symptom


def test_the_lock_is_read_without_packages_for_other_systems():
    locked = dict(doctor.locked_versions())
    assert {"chromadb", "jupyterlab", "psutil"} <= set(locked)
    assert ("pywin32" in locked) == (sys.platform == "win32")


def test_a_half_made_environment_is_found(settings, monkeypatch):
    monkeypatch.setattr(bootstrap, "VENV", type(bootstrap.VENV)(sys.prefix))
    monkeypatch.setattr(bootstrap, "complete", lambda: False)
    assert only(doctor.environment(settings)).command == "make up"


def test_a_typing_mistake_in_env_is_found(settings, monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    (tmp_path / ".env").write_text("CHROMA_PROT=1\nCOMPOSE_PROFILES=gpu\nCHAT_MODEL=x\n")
    assert "CHROMA_PORT" in only(doctor.env_file(settings)).command


def test_a_full_disk_is_found_before_the_state_folder_exists(settings, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000_000))
    missing = settings.model_copy(update={"lab_home": settings.lab_home / "not" / "yet"})
    assert "LAB_HOME" in only(doctor.disk(missing)).command


def test_little_memory_is_found(settings, monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: namedtuple("M", "available")(1_000_000))
    assert "1 MB of memory" in only(doctor.memory(settings)).symptom


def test_a_damaged_state_file_is_found(settings):
    (settings.lab_home / "lab.json").write_text("{")
    assert only(doctor.state_file(settings)).command == "lab up"


def test_a_dead_service_is_found(settings):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    write_state(settings.lab_home, State({}, "", {"chroma": Record(ended.pid, time.time(), 0, "")}))
    finding = only(doctor.services(settings))
    assert (finding.symptom.startswith("Chroma has ended: "), finding.command) == (True, "lab up")


def test_a_port_in_other_hands_is_found(settings, stand_in):
    stand_in({}, settings.chroma_port)
    finding = only(doctor.services(settings))
    assert finding.symptom.startswith("Chroma cannot start: port ")
    assert f"process {os.getpid()}" in finding.symptom
    assert "CHROMA_PORT" in finding.command


def test_a_service_that_runs_and_does_not_listen_is_found(settings):
    write_state(settings.lab_home, State({}, "", {"chroma": Record(os.getpid(), psutil.Process().create_time(), 0, "")}))
    assert only(doctor.services(settings)).symptom.startswith("Chroma does not answer: ")


def states(*pairs):
    services = [SimpleNamespace(name=title.lower(), title=title, state=state, detail="") for title, state in pairs]
    return lambda settings: SimpleNamespace(place="compose", services=services)


def test_a_service_that_somebody_stopped_is_found_while_others_run(settings, monkeypatch):
    monkeypatch.setattr(doctor, "read_status", states(("Ollama", "running"), ("Chroma", "stopped")))
    assert only(doctor.services(settings)).symptom == "Chroma is stopped while other services run."


def test_a_lab_that_is_down_is_nothing_to_mend(settings, monkeypatch):
    monkeypatch.setattr(doctor, "read_status", states(("Ollama", "stopped"), ("Chroma", "stopped")))
    assert list(doctor.services(settings)) == []


def test_an_ollama_that_can_be_used_is_nothing_to_mend(settings, stand_in, monkeypatch):
    monkeypatch.delenv("LAB_PLACE")
    stand_in({"/api/version": {"version": "0.33.0"}}, settings.ollama_port)
    assert list(doctor.services(load_settings())) == []


def test_models_that_are_missing_or_of_the_wrong_kind_are_found(settings, stand_in):
    has = [{"name": "smollm2:135m", "capabilities": ["completion"]}]
    stand_in({"/api/tags": {"models": has}, "/api/ps": {"models": []}}, settings.ollama_port)
    found = list(doctor.models(settings.model_copy(update={"embed_model": "smollm2:135m", "chat_model": "llama9"})))
    assert "does not have llama9, which CHAT_MODEL names" in found[0].symptom
    assert "smollm2:135m cannot be used as EMBED_MODEL" in found[1].symptom


def test_a_left_over_process_is_found(settings, wait_until):
    env = {**os.environ, "LAB_HOME": str(settings.lab_home), "LAB_SERVICE": "chroma"}
    with subprocess.Popen([sys.executable, "-c", "input()"], env=env, stdin=subprocess.PIPE) as process:
        wait_until(lambda: list(doctor.lost(settings)), "the process to be seen")
        assert only(doctor.lost(settings)).command == "lab down"
        process.communicate(b"\n")


def test_a_missing_model_package_is_found(settings, monkeypatch):
    def missing(self):
        raise LabError("not installed", "install it")

    monkeypatch.setattr(type(CATALOGUE[0]), "path", missing)
    assert [finding.command for finding in doctor.weights(settings)] == ["install it"] * len(CATALOGUE)


def test_a_changed_byte_of_the_weights_is_found_by_the_full_examination(settings, monkeypatch):
    monkeypatch.setattr(type(CATALOGUE[0]), "chunks", lambda self: iter([b"other bytes"]))
    assert "digest mismatch" in next(doctor.whole_weights(settings)).symptom


def test_in_the_place_compose_an_engine_that_cannot_run_the_lab_is_found(settings, monkeypatch):
    def no_engine(settings):
        raise EngineError("No Docker Engine answers at unix:///x.", "Start it with `sudo systemctl start docker`.")

    monkeypatch.setattr(compose_checks, "examine_engine", no_engine)
    (finding,) = doctor.docker(settings)
    assert finding.symptom.startswith("No Docker Engine answers")
    assert "systemctl" in finding.command


def test_inside_the_container_only_what_can_be_seen_there_is_looked_at(monkeypatch):
    inside = load_settings(lab_place="compose", chroma_host="chroma")
    assert [check.__name__ for check in doctor._checks(inside, False)] == ["packages", "memory", "services", "models"]
