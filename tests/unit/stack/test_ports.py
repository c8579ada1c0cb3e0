"""A taken port names its owner and the setting that changes it."""

import os
import socket

import psutil
import pytest

from lab.errors import ServiceError, SettingError
from lab.settings import load_settings
from lab.stack import ports
from lab.stack.services import SERVICES


@pytest.fixture
def taken():
    """A port that this process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_is_free_until_someone_listens(free_port, taken):
    assert ports.is_free(free_port())
    assert not ports.is_free(taken)


def test_connections_that_a_stopped_server_left_behind_are_no_obstacle():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        listener.accept()[0].close()  # the side that closes first keeps the port busy for a minute
    with client:
        assert ports.is_free(port)


def test_the_owner_is_the_listening_process(taken):
    assert ports.owner(taken).pid == os.getpid()


def test_nobody_owns_a_free_port(free_port):
    assert ports.owner(free_port()) is None


def test_an_owner_that_may_not_be_seen_is_said_so(monkeypatch, taken):
    def refuse(kind):
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", refuse)
    assert ports.describe(ports.owner(taken)) == "a process of another user"


@pytest.mark.parametrize("service", [one for one in SERVICES if one.port_setting], ids=lambda service: service.name)
def test_a_taken_port_names_owner_and_setting(service, taken, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{taken}")
    settings = load_settings().model_copy(
        update={f"{name}_port": taken for name in ("chroma", "jupyter", "redis", "exporter")}
        | {f"{name}_url": f"http://127.0.0.1:{taken}" for name in ("api", "prometheus")}
    )
    with pytest.raises(ServiceError) as error:
        ports.require_free(service, settings)
    assert f"process {os.getpid()}" in error.value.what
    assert service.port_setting in error.value.hint


def test_a_port_of_the_system_names_the_way_out(monkeypatch):
    def refuse(self, address):
        raise PermissionError

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(SettingError, match="Port 80 is reserved"):
        ports.is_free(80)
