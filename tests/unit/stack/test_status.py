"""The state of services, told from processes and answers."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from lab.settings import load_settings
from lab.stack.process import Record
from lab.stack.services import SERVICES
from lab.stack.state import State, write_state
from lab.stack.status import read_status

CHROMA = SERVICES[1]
READY = {CHROMA.probe: {"is_executor_ready": True}}


def this_process(started_at: float | None = None) -> Record:
    return Record(os.getpid(), psutil.Process().create_time(), time.time() if started_at is None else started_at, "")


def remember(settings, record, place="embedded"):
    settings.lab_home.mkdir(exist_ok=True)
    write_state(settings.lab_home, State({"lab_place": place}, "because", {"chroma": record} if record else {}))


def chroma(settings):
    return read_status(settings).services[1]


def test_what_was_never_started_is_stopped(settings):
    status = read_status(settings)
    assert [service.state for service in status.services] == ["stopped"] * 4
    assert not status.healthy


def test_a_process_that_answers_itself_is_running_since_its_start(settings, stand_in):
    remember(settings, this_process(0))
    stand_in(READY, settings.chroma_port)
    assert (chroma(settings).state, chroma(settings).since) == ("running", "1970-01-01T00:00:00+00:00")


def test_a_process_that_is_gone_has_died_and_the_way_back_is_named(settings):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        remember(settings, Record(ended.pid, time.time(), time.time(), ""))
    assert chroma(settings).state == "died"
    assert "lab up" in chroma(settings).detail


@pytest.mark.parametrize(("age", "state"), [(0, "starting"), (10_000, "unhealthy")])
def test_a_process_that_does_not_listen_is_starting_for_a_while(settings, age, state):
    remember(settings, this_process(time.time() - age))
    assert chroma(settings).state == state


def test_a_process_that_listens_but_answers_wrongly_is_unhealthy(settings, stand_in):
    remember(settings, this_process())
    stand_in({}, settings.chroma_port)
    assert chroma(settings).state == "unhealthy"


def test_an_answer_of_another_process_does_not_make_ours_run(settings, stand_in):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as idle:
        remember(settings, Record(idle.pid, psutil.Process(idle.pid).create_time(), 0, ""))
        stand_in(READY, settings.chroma_port)
        assert chroma(settings).state == "unhealthy"
        idle.communicate(b"\n")


def test_a_port_in_other_hands_is_told_and_names_owner_and_setting(settings, stand_in):
    stand_in(READY, settings.chroma_port)
    assert chroma(settings).state == "port taken"
    assert f"process {os.getpid()}" in chroma(settings).detail
    assert "CHROMA_PORT" in chroma(settings).detail


def test_somebodys_ollama_counts_as_running_in_the_native_place(settings, stand_in):
    remember(settings, None, "native")
    stand_in({"/api/version": {"version": "0.33.0"}}, settings.ollama_port)
    ollama = read_status(settings).services[0]
    assert ollama.state == "running"
    assert "neither started it nor stops it" in ollama.detail


VERSION = "/api/version"


@pytest.mark.parametrize(("version", "words"), [("0.33.0", "an Ollama server answers"), ("0.33.0+lab", "an embedded engine answers")])
def test_before_the_first_start_a_server_that_answers_is_no_obstacle(settings, stand_in, monkeypatch, version, words):
    monkeypatch.delenv("LAB_PLACE")
    stand_in({VERSION: {"version": version}}, settings.ollama_port)
    ollama = read_status(load_settings()).services[0]
    assert ollama.state == "stopped"
    assert words in ollama.detail
    assert "`lab up` will use it" in ollama.detail


def test_who_wants_the_embedded_place_is_told_that_ollama_has_the_port(settings, stand_in):
    stand_in({VERSION: {"version": "0.33.0"}}, settings.ollama_port)
    assert read_status(settings).services[0].state == "port taken"


def test_the_engine_of_another_lab_counts_as_running(settings, stand_in):
    remember(settings, None)
    stand_in({VERSION: {"version": "0.33.0+lab"}}, settings.ollama_port)
    ollama = read_status(settings).services[0]
    assert ollama.state == "running"
    assert "another lab" in ollama.detail


def test_somebodys_ollama_that_is_away_names_how_to_start_it(settings):
    remember(settings, None, "native")
    assert "ollama serve" in read_status(settings).services[0].detail


def test_the_json_form_has_the_promised_keys(settings):
    data = read_status(settings).to_dict()
    assert set(data) == {"place", "reason", "services", "models"}
    assert set(data["services"][0]) >= {"name", "state", "url", "since", "detail"}


def test_a_stopped_lab_is_shown_where_it_ran(settings, monkeypatch):
    monkeypatch.delenv("LAB_PLACE")
    settings.lab_home.mkdir(exist_ok=True)
    write_state(settings.lab_home, State(place="native"))
    assert read_status(load_settings()).place == "native"
