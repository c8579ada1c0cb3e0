"""The Docker Engine is found, or an error says what is in the way. `docker` is a script of the test."""

import json
from pathlib import Path

import pytest

from lab.errors import EngineError
from lab.stack import docker_engine
from lab.stack.docker_engine import find_engine, require_this_machine

NO_SOCKET = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
NEWER_WORDS = "failed to connect to the docker API at unix:///run/user/5/docker.sock; check if the path is correct"
DESKTOP = "Cannot connect to the Docker daemon at unix:///home/kim/.docker/desktop/docker.sock. Is the docker daemon running?"
DENIED = "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: connect: permission denied"


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """`docker(version="28.5.2", said="", context="default", compose="2.40.3")` puts such a program first on the PATH."""
    monkeypatch.setattr("sys.platform", "linux")

    def put(version="28.5.2", said="", context="default", compose="2.40.3"):
        told = json.dumps({"Client": {"Context": context}, "Server": {"Version": version} if version else None})
        script = Path(tmp_path / "bin" / "docker")
        script.parent.mkdir(exist_ok=True)
        script.write_text(
            f"#!/bin/sh\nif [ $1 = compose ]; then echo '{compose}'; [ '{compose}' ]; exit; fi\n"
            f"echo '{told}'; echo '{said}' >&2; [ '{version}' ]\n"
        )
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")

    return put


def problem():
    with pytest.raises(EngineError) as caught:
        find_engine()
    return caught.value


def test_a_recent_engine_with_compose_is_found(docker):
    docker(version="28.5.2+dfsg4", compose="2.40.3-3")
    assert (find_engine().version, find_engine().compose) == ("28.5.2+dfsg4", "2.40.3-3")


def test_a_version_without_a_number_is_believed(docker):
    docker(version="dev", compose="dev")
    assert find_engine().version == "dev"


def test_without_the_program_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "is not installed" in problem().what
    assert "Docker Desktop" in problem().hint


@pytest.mark.parametrize(("said", "where"), [(NO_SOCKET, "unix:///var/run/docker.sock."), (NEWER_WORDS, "unix:///run/user/5/docker.sock.")])
def test_an_engine_that_does_not_run_is_named_by_its_address(docker, said, where):
    docker(version="", said=said)
    assert problem().what.endswith(where)
    assert "systemctl start docker" in problem().hint


def test_docker_desktop_that_does_not_run_is_to_be_opened(docker):
    for context, said in (("desktop-linux", NO_SOCKET), ("default", DESKTOP)):
        docker(version="", said=said, context=context)
        assert problem().hint.startswith("Open Docker Desktop")


def test_a_missing_permission_names_the_group_and_its_power(docker):
    docker(version="", said=DENIED)
    assert "may not speak" in problem().what
    assert "docker $USER" in problem().hint
    assert "root" in problem().hint


def test_an_old_engine_is_refused_with_both_versions(docker):
    docker(version="20.10.24")
    assert "20.10.24" in problem().what
    assert "25.0 or newer" in problem().what


def test_a_missing_compose_plugin_names_its_packages(docker):
    docker(compose="")
    assert "no Compose plugin" in problem().what
    assert "docker-compose-plugin" in problem().hint


@pytest.mark.parametrize("version", ["2.26.1", "v2.28.0", "1.29.2"])
def test_an_old_compose_is_refused(docker, version):
    docker(compose=version)
    assert "2.29 or newer" in problem().what


def test_words_that_nobody_expected_are_shown(docker):
    docker(version="", said="the moon is full")
    assert "the moon is full" in problem().what


def test_a_program_that_says_nothing_is_not_waited_for(tmp_path, monkeypatch, docker):
    docker()
    (tmp_path / "bin" / "docker").write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(docker_engine, "PATIENCE", 0.2)
    assert "said nothing for 0.2 s" in problem().what


@pytest.mark.parametrize("address", ["tcp://gpu-box:2375", "ssh://kim@gpu-box"])
def test_an_engine_of_another_machine_cannot_run_the_lab(address):
    with pytest.raises(EngineError, match="another machine"):
        require_this_machine(address)


@pytest.mark.parametrize("address", ["", "unix:///var/run/docker.sock", "tcp://127.0.0.1:2375", "tcp://docker-proxy:2375"])
def test_an_engine_of_this_machine_can(address):
    require_this_machine(address)
