"""The table of services, and what their processes are started with."""

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from lab.settings import CHAT_MODELS, load_settings
from lab.stack.services import CHOICES, NAMES, OLLAMA, SERVICES, choices, environment, fingerprint

CHROMA, JUPYTER = SERVICES[1:]


def test_each_service_answers_on_the_port_of_its_setting(settings):
    assert [service.port(settings) for service in SERVICES] == [int(os.environ[service.port_setting]) for service in SERVICES]


def test_ready_is_an_answer_with_the_right_key(settings, stand_in):
    stand_in({CHROMA.probe: {"is_executor_ready": True}}, settings.chroma_port)
    assert CHROMA.answer(settings)


@pytest.mark.parametrize("answer", [{"is_executor_ready": False}, {"version": "1"}, [], "text"])
def test_another_answer_is_not_ready(settings, stand_in, answer):
    stand_in({CHROMA.probe: answer}, settings.chroma_port)
    assert CHROMA.answer(settings) is None


def test_no_answer_is_not_ready(settings):
    assert CHROMA.answer(settings) is None


@pytest.mark.parametrize("service", SERVICES, ids=NAMES)
def test_processes_carry_the_marks_of_their_lab(service, settings):
    env = environment(service, settings, "embedded")
    assert (env["LAB_SERVICE"], env["LAB_HOME"], env["ANONYMIZED_TELEMETRY"]) == (service.name, str(settings.lab_home), "False")


def test_a_process_reads_back_the_same_choices(settings, monkeypatch):
    for name, value in environment(JUPYTER, settings, "embedded").items():
        monkeypatch.setenv(name, value)
    assert choices(load_settings()) == choices(settings)


def test_a_terminal_of_jupyterlab_finds_the_lab_command_first(settings):
    assert environment(JUPYTER, settings, "embedded")["PATH"].split(os.pathsep)[0] == f"{sys.prefix}/bin"


def test_no_token_is_seen_in_the_list_of_processes(settings):
    secret = settings.model_copy(update={"jupyter_token": "s3cret"})
    assert not any("s3cret" in word for service in SERVICES for word in service.command(secret, "embedded"))


def test_an_ollama_of_the_machine_keeps_its_own_models(settings, monkeypatch):
    monkeypatch.delenv("OLLAMA_MODELS")
    own = load_settings()
    assert "OLLAMA_MODELS" not in environment(OLLAMA, own, "native")
    assert environment(OLLAMA, own, "embedded")["OLLAMA_MODELS"] == str(own.lab_home / "models")


def test_a_folder_meant_for_another_chroma_is_not_used(settings, monkeypatch):
    monkeypatch.setenv("CHROMA_PERSIST_PATH", "/elsewhere")
    assert "CHROMA_PERSIST_PATH" not in environment(CHROMA, settings, "embedded")


def test_a_changed_port_asks_for_a_new_process(settings):
    moved = settings.model_copy(update={"chroma_port": 1024})
    assert fingerprint(CHROMA, settings, "embedded") != fingerprint(CHROMA, moved, "embedded")


def test_a_changed_model_asks_for_a_new_jupyterlab_only(settings):
    other = settings.model_copy(update={"chat_model": "other"})
    changed = [
        service.name for service in SERVICES if fingerprint(service, settings, "embedded") != fingerprint(service, other, "embedded")
    ]
    assert changed == ["jupyter"]


def test_the_choices_are_settings(settings):
    assert set(choices(settings)) == set(CHOICES)
    assert set(CHAT_MODELS) == {"compose", "native", "embedded"}


def test_the_command_of_chroma_is_the_one_that_its_own_program_runs():
    """The lab calls the server below the `chroma` program; a release that moves it must fail here, not at a learner's."""
    program = Path(find_spec("chromadb").origin).parent / "cli" / "cli.py"
    assert "chromadb_rust_bindings.cli(" in program.read_text()
    assert callable(import_module("chromadb_rust_bindings").cli)
