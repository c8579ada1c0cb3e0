"""The state of the lab's containers in the lab's words."""

import pytest

from lab.errors import EngineError
from lab.settings import load_settings
from lab.stack import compose_status
from lab.stack.compose_status import judge, read_compose
from lab.stack.services import PUBLISHED
from tests.unit.stack.fake_docker import container

WHOLE = [container(service.name, health="healthy") for service in PUBLISHED if not service.profile]


@pytest.fixture
def status(settings, monkeypatch):
    """`status(*containers)` is the lab's with these."""

    def read(*parts):
        monkeypatch.setattr(
            compose_status, "read_containers", lambda _: {part.labels["com.docker.compose.service"]: part for part in parts}
        )
        return read_compose(load_settings(), "because")

    return read


def states(status):
    return {service.name: service.state for service in status.services}


@pytest.mark.parametrize(
    ("part", "state", "words"),
    [
        (container("api", health="healthy"), "running", ""),
        (container("sandbox"), "running", ""),
        (container("api", health="starting"), "starting", "healthcheck"),
        (container("api", health="unhealthy"), "unhealthy", "lab logs api"),
        (container("api", "exited", code=137), "died", "code 137"),
        (container("api", "exited", code=137, OOMKilled=True), "died", "memory"),
        (container("api", "exited"), "stopped", "lab up"),
        (container("api", "created"), "stopped", "not started"),
        (container("api", "restarting", code=1), "died", "again and again"),
        (container("api", "paused"), "unhealthy", "docker unpause slipway-api-1"),
    ],
    ids=lambda value: value.status + str(value.attrs["State"]["ExitCode"]) if hasattr(value, "status") else None,
)
def test_a_container_is_judged(part, state, words):
    condition, detail = judge(part)
    assert condition == state
    assert words in detail


def test_a_whole_lab_is_healthy_and_one_shots_that_ended_well_have_no_line(status):
    whole = status(*WHOLE, container("model-pull", "exited"), container("sandbox"))
    assert whole.healthy
    assert list(states(whole)) == ["ollama", "chroma", "api", "jupyter", "sandbox"]


def test_a_one_shot_that_failed_has_a_line(status):
    assert states(status(*WHOLE, container("ingest", "exited", code=1)))["ingest"] == "died"


def test_a_missing_container_is_stopped_and_its_start_is_in_iso_form(status):
    part = status(WHOLE[0])
    assert states(part)["chroma"] == "stopped"
    assert part.services[0].since == "2026-11-21T09:00:00+00:00"


def test_a_sandbox_left_in_an_old_network_is_told(status):
    later = container("jupyter", health="healthy", StartedAt="2026-11-21T10:00:00.0Z")
    apart = status(*WHOLE[:3], later, container("sandbox"))
    assert states(apart)["sandbox"] == "unhealthy"
    assert "another network" in apart.services[-1].detail


def test_a_sandbox_whose_jupyterlab_ended_is_told_too(status):
    apart = status(*WHOLE[:3], container("jupyter", "exited", code=137), container("sandbox"))
    assert (states(apart)["jupyter"], states(apart)["sandbox"]) == ("died", "unhealthy")


def test_a_macs_own_ollama_counts_as_running(status, settings, stand_in):
    stand_in({"/api/version": {"version": "0.33.0"}}, settings.ollama_port)
    own = status(*WHOLE[1:])
    assert states(own)["ollama"] == "running"
    assert "your own server" in own.services[0].detail


def test_without_an_engine_the_services_themselves_are_asked(settings, stand_in, monkeypatch):
    def away(_):
        raise EngineError("No Docker Engine answers at x.", "")

    monkeypatch.setattr(compose_status, "read_containers", away)
    stand_in({"/api/v2/healthcheck": {"is_executor_ready": True}}, settings.chroma_port)
    status = read_compose(settings, "because")
    assert (states(status)["chroma"], states(status)["ollama"]) == ("running", "unhealthy")
    assert status.reason == "No Docker Engine answers at x"


def test_inside_the_container_without_a_proxy_no_engine_is_asked(monkeypatch):
    monkeypatch.setattr(compose_status, "read_containers", lambda _: pytest.fail("asked"))
    inside = load_settings(
        lab_place="compose", chroma_host="chroma.invalid", ollama_host="http://ollama.invalid", api_url="http://api.invalid"
    )
    assert set(states(read_compose(inside, ""))) == {"ollama", "chroma", "api", "jupyter"}


def test_a_part_of_the_profile_that_is_missing_is_told(status, monkeypatch):
    monkeypatch.setenv("COMPOSE_PROFILES", "production")
    found = states(status(*WHOLE, container("worker", health="healthy")))
    assert (found["proxy"], found["redis"], found["worker"]) == ("stopped", "stopped", "running")


def test_the_name_of_the_project_is_the_one_that_the_containers_have(settings, monkeypatch):
    parts = {part.labels["com.docker.compose.service"]: part for part in WHOLE}
    parts["api"].labels[compose_status.PROJECT] = "mine"
    monkeypatch.setattr(compose_status, "read_containers", lambda _: parts)
    assert read_compose(settings, "").reason == "containers of the Compose project mine"


def test_a_port_in_other_hands_is_told_before_the_start(status, settings, stand_in):
    stand_in({}, settings.api_port)
    found = {service.name: service for service in status().services}
    assert (found["api"].state, found["jupyter"].state) == ("port taken", "stopped")
    assert "API_PORT in .env" in found["api"].detail
