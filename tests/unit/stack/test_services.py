"""The table of services, and what their processes are started with."""

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from lab.errors import ServiceError
from lab.settings import ROOT, Settings, load_settings
from lab.stack.answers import LAST_TASK
from lab.stack.services import (
    API,
    CHOICES,
    CHROMA,
    EXPORTER,
    JUPYTER,
    NAMES,
    OLLAMA,
    PROMETHEUS,
    PROXY,
    REDIS,
    SERVICES,
    WORKER,
    choices,
    environment,
    fingerprint,
)
from lab.stack.state import State, write_state


def test_each_service_answers_on_the_port_of_its_setting(settings):
    with_port = [service for service in SERVICES if service is not WORKER]
    assert [service.port(settings) for service in with_port] == [int(os.environ[service.port_setting]) for service in with_port]
    assert WORKER.port(settings) is None


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


def test_jupyterlab_leaves_the_settings_of_others_to_the_state_folder(settings, monkeypatch):
    monkeypatch.delenv("CHAT_MODEL")
    monkeypatch.delenv("CHROMA_PORT")
    env = environment(JUPYTER, load_settings(chat_model="x"), "embedded")
    assert not {"CHAT_MODEL", "CHROMA_PORT"} & set(env)
    assert env["JUPYTER_PORT"] == str(settings.jupyter_port)


def test_a_changed_port_wins_over_the_address_of_the_running_lab(settings, monkeypatch):
    monkeypatch.delenv("OLLAMA_HOST")
    settings.lab_home.mkdir(exist_ok=True)
    write_state(settings.lab_home, State(choices(load_settings())))
    monkeypatch.setenv("OLLAMA_PORT", "4321")
    assert load_settings().ollama_host == "http://127.0.0.1:4321"


def test_the_address_of_somebodys_server_is_kept(settings, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "http://gpu-box:11434")
    assert choices(load_settings())["ollama_host"] == "http://gpu-box:11434"


def test_a_terminal_of_jupyterlab_finds_the_lab_command_first(settings):
    assert environment(JUPYTER, settings, "embedded")["PATH"].split(os.pathsep)[0] == f"{sys.prefix}/bin"


def test_no_token_is_seen_in_the_list_of_processes(settings):
    secret = settings.model_copy(update={"jupyter_token": "s3cret", "redis_password": "s3cret"})
    assert not any("s3cret" in word for service in SERVICES for word in service.command_line(secret, "embedded"))


def test_an_ollama_of_the_machine_keeps_its_own_models(settings, monkeypatch):
    monkeypatch.delenv("OLLAMA_MODELS")
    own = load_settings()
    assert "OLLAMA_MODELS" not in environment(OLLAMA, own, "native")
    assert environment(OLLAMA, own, "embedded")["OLLAMA_MODELS"] == str(own.lab_home / "models")


def test_a_folder_meant_for_another_chroma_is_not_used(settings, monkeypatch):
    monkeypatch.setenv("CHROMA_PERSIST_PATH", "/elsewhere")
    assert "CHROMA_PERSIST_PATH" not in environment(CHROMA, settings, "embedded")


@pytest.mark.parametrize("service", SERVICES, ids=NAMES)
def test_no_proxy_stands_between_a_service_and_this_machine(service, settings, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    monkeypatch.delenv("no_proxy", raising=False)
    env = environment(service, settings, "embedded")
    assert env["NO_PROXY"] == env["no_proxy"] == "intranet.example,127.0.0.1,localhost,::1"


@pytest.mark.parametrize(
    ("change", "renewed"),
    [
        ({"chroma_port": 1024}, ["chroma", "api", "worker", "exporter"]),
        ({"ollama_keep_alive": "1m"}, ["ollama"]),
        ({"jupyter_token": "new"}, ["jupyter"]),
        ({"chat_model": "other"}, ["api", "worker"]),
        ({"redis_password": "other"}, ["redis", "api", "worker"]),
        ({"compose_profiles": "production"}, ["api", "worker", "prometheus"]),
        ({"exporter_port": 1024}, ["exporter", "prometheus"]),
        ({"grafana_password": "other", "grafana_port": 1024}, []),
        ({"proxy_port": 1024, "lab_gpu": "off", "start_timeout": 5, "python_image": "other"}, []),
    ],
)
def test_a_changed_setting_asks_for_new_processes_of_the_services_that_read_it(settings, change, renewed):
    other = settings.model_copy(update=change)
    changed = [
        service.name for service in SERVICES if fingerprint(service, settings, "embedded") != fingerprint(service, other, "embedded")
    ]
    assert changed == renewed


def test_the_choices_are_settings():
    assert set(CHOICES) <= set(Settings.model_fields)


def test_the_command_of_chroma_is_the_one_that_its_own_program_runs():
    """The lab calls the server below the `chroma` program; a release that moves it must fail here, not at a learner's."""
    program = Path(find_spec("chromadb").origin).parent / "cli" / "cli.py"
    assert "chromadb_rust_bindings.cli(" in program.read_text()
    assert callable(import_module("chromadb_rust_bindings").cli)


@pytest.mark.parametrize(("profile", "parts"), [("production", {REDIS, WORKER}), ("monitoring", {EXPORTER, PROMETHEUS})])
def test_some_services_belong_to_a_profile(settings, profile, parts):
    with_it = settings.model_copy(update={"compose_profiles": profile})
    assert {one for one in SERVICES if one.wanted(with_it)} - {one for one in SERVICES if one.wanted(settings)} == parts


def test_several_profiles_add_up_and_a_redis_of_somebody_is_used(settings):
    with_it = settings.model_copy(update={"compose_profiles": "monitoring, production"})
    assert all(service.wanted(with_it) for service in SERVICES)
    assert not REDIS.wanted(with_it.model_copy(update={"redis_url": "redis://elsewhere:6379"}))


def test_what_runs_in_containers_only_cannot_be_started_here(settings):
    with pytest.raises(ServiceError, match="in the place compose only"):
        PROXY.command_line(settings, "embedded")


def test_the_address_of_redis_is_shown_without_the_password(settings):
    own = settings.model_copy(update={"redis_url": "rediss://user:s3cret@cache.example:6380"})
    assert REDIS.url(own) == "rediss://cache.example:6380"


def test_a_worker_is_well_while_its_heartbeat_is_fresh(settings):
    assert WORKER.answer(settings) is None
    beat = settings.lab_home / "workers" / "4711"
    beat.parent.mkdir(parents=True)
    beat.touch()
    assert WORKER.answer(settings)
    os.utime(beat, (1, 1))
    assert WORKER.answer(settings) is None


def test_the_heartbeat_of_a_killed_worker_does_not_count_for_the_next(settings):
    (settings.lab_home / "workers" / "4711").mkdir(parents=True)
    WORKER.prepare(settings)
    assert WORKER.answer(settings) is None


def test_the_api_reads_what_decides_about_answers_and_no_token(settings):
    own = API.own_settings(settings.model_copy(update={"jupyter_token": "s3cret"}))
    assert {"chat_model", "top_k", "api_queue", "ollama_host", "redis_url"} <= set(own)
    assert not [name for name in own if name.startswith(("jupyter", "ollama_k", "lab_"))]


@pytest.mark.parametrize(("service", "promised"), [(API, 44), (WORKER, 60), (CHROMA, 0)], ids=["api", "worker", "chroma"])
def test_a_service_may_take_longer_to_stop_than_it_promises_to_finish(service, promised):
    assert service.grace(load_settings(api_stop_timeout=40)) > promised


def test_a_worker_is_waited_for_as_long_as_in_containers():
    text = (ROOT / "compose.yaml").read_text("utf-8")
    assert f"stop_grace_period: {LAST_TASK:g}s" in text[text.index("\n  worker:") : text.index("\n  proxy:")]
