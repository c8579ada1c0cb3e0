"""An engine that cannot be used is told in words that help."""

from types import SimpleNamespace

import docker
import pytest
from docker.errors import DockerException
from hypothesis import given
from hypothesis import strategies as some
from requests.exceptions import ReadTimeout

from lab.containers import lab_engine, require_engine
from lab.containers.engine import is_recent
from lab.errors import EngineError
from lab.settings import get_settings


@pytest.fixture
def refused(monkeypatch):
    """refused(message): the SDK raises, with this message, as it does without a usable engine."""

    def arrange(error):
        def from_env(**options):
            raise error

        monkeypatch.setattr(docker, "from_env", from_env)
        monkeypatch.setattr(docker.context.ContextAPI, "get_current_context", lambda: None)

    return arrange


@pytest.fixture
def settings_from(monkeypatch):
    """settings_from(NAME=value, …): settings are read anew from this environment."""

    def arrange(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        get_settings.cache_clear()

    yield arrange
    get_settings.cache_clear()


@pytest.mark.parametrize(
    ("said", "what", "hint"),
    [
        ("('Connection aborted.', FileNotFoundError(2, 'No such file or directory'))", "No Docker Engine was found", "Install Docker"),
        ("('Connection aborted.', PermissionError(13, 'Permission denied'))", "may not speak", "usermod -aG docker"),
        ("('Connection aborted.', ConnectionRefusedError(111, 'Connection refused'))", "none answers", "Start Docker"),
        ("Invalid bind address protocol: foo://x", "Invalid bind address protocol", "DOCKER_HOST"),
    ],
)
def test_each_reason_has_its_own_way_out(refused, said, what, hint):
    refused(DockerException(f"Error while fetching server API version: {said}"))
    with pytest.raises(EngineError) as raised:
        require_engine()
    assert what in raised.value.what
    assert hint in raised.value.hint


def test_an_engine_that_hangs_is_told(refused):
    refused(ReadTimeout("Read timed out. (read timeout=10)"))
    with pytest.raises(EngineError, match="cannot be used: Read timed out"):
        require_engine()


def test_the_address_of_docker_desktop_is_named(refused, monkeypatch):
    refused(DockerException("FileNotFoundError(2, 'No such file or directory')"))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    desktop = SimpleNamespace(Name="desktop-linux", Host="unix:///home/ann/.docker/desktop/docker.sock")
    monkeypatch.setattr(docker.context.ContextAPI, "get_current_context", lambda: desktop)
    with pytest.raises(EngineError) as raised:
        require_engine()
    assert "DOCKER_HOST=unix:///home/ann/.docker/desktop/docker.sock" in raised.value.hint


@given(some.integers(0, 24), some.integers(0, 99))
def test_an_old_engine_is_not_recent(major, minor):
    assert not is_recent(f"{major}.{minor}.1")


@given(some.integers(25, 999), some.sampled_from(["", ".0", ".5.2+dfsg4", "-rc.1"]))
def test_a_recent_engine_is(major, rest):
    assert is_recent(f"{major}{rest}")


def test_an_engine_that_was_built_without_a_number_passes():
    assert is_recent("library-import")


def test_an_old_engine_is_refused_with_both_versions(monkeypatch):
    old = SimpleNamespace(version=lambda: {"Version": "24.0.1"}, close=lambda: None)
    monkeypatch.setattr(docker, "from_env", lambda **_: old)
    with pytest.raises(EngineError, match=r"version 24\.0\.1; the lessons need 25\.0"):
        require_engine()


def test_the_labs_engine_is_the_lessons_one_by_default(engine, settings_from):
    settings_from(LAB_ENGINE="")
    assert lab_engine() is engine


def test_the_labs_engine_can_have_an_address_of_its_own(settings_from):
    settings_from(LAB_ENGINE="tcp://127.0.0.1:1")
    with pytest.raises(EngineError, match=r"none answers\. It was looked for at tcp://127\.0\.0\.1:1"):
        lab_engine()


def test_in_the_compose_lab_the_labs_own_start_is_named(settings_from):
    settings_from(LAB_PLACE="compose", DOCKER_HOST="tcp://127.0.0.1:1")
    with pytest.raises(EngineError) as raised:
        require_engine()
    assert "`lab up`" in raised.value.hint
