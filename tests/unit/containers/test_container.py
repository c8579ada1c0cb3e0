"""Where a container answers and what its healthcheck says."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lab.containers import address, health, workspace
from lab.errors import EngineError
from lab.settings import get_settings


def container(ports=None, status="running", state=None):
    return SimpleNamespace(name="server", status=status, ports=ports or {}, attrs={"State": state or {}}, reload=lambda: None)


@given(some.sampled_from(["127.0.0.1", "0.0.0.0", "::", ""]), some.integers(1, 65535))
def test_a_published_port_is_reached_on_this_machine(host, number):
    published = {"11434/tcp": [{"HostIp": host, "HostPort": str(number)}]}
    assert address(container(published), "11434/tcp") == f"http://127.0.0.1:{number}"


def test_a_port_on_one_interface_is_reached_there():
    assert address(container({"80/tcp": [{"HostIp": "172.17.0.1", "HostPort": "8080"}]}), "80/tcp") == "http://172.17.0.1:8080"


@pytest.mark.parametrize("ports", [{}, {"11434/tcp": None}, {"11434/tcp": []}])
def test_a_port_that_is_not_published_is_told(ports):
    with pytest.raises(EngineError, match="does not publish 11434/tcp; published: none"):
        address(container(ports), "11434/tcp")


def test_the_ports_that_are_published_are_told():
    with pytest.raises(EngineError, match="published: 80/tcp"):
        address(container({"80/tcp": [{"HostIp": "", "HostPort": "1"}]}), "11434/tcp")


@pytest.mark.parametrize("status", ["exited", "created", "paused"])
def test_a_container_that_does_not_run_is_told(status):
    with pytest.raises(EngineError, match=f"server is {status}"):
        address(container(status=status), "11434/tcp")


@pytest.mark.parametrize("said", ["starting", "healthy", "unhealthy"])
def test_health_is_what_docker_says(said):
    assert health(container(state={"Health": {"Status": said}})) == said


@pytest.mark.parametrize("state", [{}, {"Health": {}}])
def test_without_a_healthcheck_there_is_no_health(state):
    assert health(container(state=state)) == "none"


def test_a_workspace_is_a_folder_in_the_state_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    get_settings.cache_clear()
    assert workspace("02") == workspace("02") == tmp_path / "work" / "02"
    assert workspace("02").is_dir()
    get_settings.cache_clear()
