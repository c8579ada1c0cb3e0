"""What is looked at before containers are made: ports, room, images, user and socket."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from docker.errors import APIError, ImageNotFound

from lab.errors import EngineError, ServiceError
from lab.settings import load_settings
from lab.stack import compose_lab
from lab.stack.compose_checks import require_port, require_room
from lab.stack.compose_lab import give, own_variables, with_chat_model
from lab.stack.images import require_images
from lab.stack.services import OLLAMA
from tests.unit.stack.fake_docker import container


def engine(*running, absent=(), registry=None, **info):
    """A client of an engine with these containers, without these images."""

    def get(image):
        if image in absent:
            raise ImageNotFound(image)

    def ask(image):
        if registry:
            raise registry

    images = SimpleNamespace(get=get, get_registry_data=ask)
    return SimpleNamespace(
        containers=SimpleNamespace(list=lambda: list(running)), images=images, api=SimpleNamespace(timeout=60), info=lambda: info
    )


def test_a_free_port_is_no_obstacle(settings):
    require_port(engine(), settings, OLLAMA)


def test_a_container_of_the_lab_may_have_its_port(settings, stand_in):
    stand_in({}, settings.ollama_port)
    require_port(engine(), settings, OLLAMA, [container("ollama", "exited"), container("proxy", ports=[settings.ollama_port])])


def test_another_container_at_the_port_is_named(settings, stand_in):
    stand_in({}, settings.ollama_port)
    other = SimpleNamespace(**{**vars(container("db", ports=[settings.ollama_port])), "name": "postgres"})
    with pytest.raises(ServiceError) as error:
        require_port(engine(other), settings, OLLAMA)
    assert f"Port {settings.ollama_port}, where Ollama should answer, is taken by the container postgres" in error.value.what
    assert "OLLAMA_PORT" in error.value.hint


def test_a_program_at_the_port_is_named(settings, stand_in):
    stand_in({}, settings.ollama_port)
    with pytest.raises(ServiceError, match=rf"taken by `.*python.*` \(process {os.getpid()}, "):
        require_port(engine(), settings, OLLAMA, [container("ollama", "exited", ports=[settings.ollama_port])])


@pytest.mark.parametrize(("free", "absent", "fits"), [(2e9, [], True), (2e9, ["x"], False), (9e9, ["x"], True), (5e8, [], False)])
def test_room_is_wanted_more_of_it_when_images_are_missing(settings, monkeypatch, free, absent, fits):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=int(free)))
    client = engine(absent=[settings.chroma_image] if absent else [], DockerRootDir="/var/lib/docker")
    if fits:
        require_room(client, settings)
        return
    with pytest.raises(EngineError, match=r"Docker's disk \(/var/lib/docker\) has \d.\d GB left") as error:
        require_room(client, settings)
    assert "docker system df" in error.value.hint


def test_a_disk_that_cannot_be_seen_is_not_judged(settings):
    require_room(engine(DockerRootDir="/in/a/virtual/machine"), settings)


def test_images_that_are_here_need_no_registry(settings):
    require_images(engine(registry=APIError("500", explanation="no such host")), settings)


def test_missing_images_are_no_obstacle_when_a_registry_answers(settings):
    require_images(engine(absent=[settings.chroma_image]), settings)


@pytest.mark.parametrize("problem", [APIError("500", explanation="no such host"), OSError("read timed out")])
def test_missing_images_without_a_registry_are_named_with_their_setting(settings, problem):
    client = engine(absent=[settings.chroma_image, settings.sandbox_image], registry=problem)
    with pytest.raises(EngineError) as error:
        require_images(client, settings)
    assert f"the image {settings.chroma_image} (1 more is missing)" in error.value.what
    assert "CHROMA_IMAGE" in error.value.hint
    assert client.api.timeout == 60


@pytest.fixture
def notebooks(monkeypatch, tmp_path):
    """`notebooks(owner)` is the folder of the notebooks, of this user."""

    def own(uid):
        folder = SimpleNamespace(stat=lambda: SimpleNamespace(st_uid=uid, st_gid=99))
        monkeypatch.setattr(compose_lab, "NOTEBOOKS", folder)

    return own


def test_the_owner_of_the_notebooks_and_the_socket_are_handed_over(settings, monkeypatch, notebooks):
    notebooks(1234)
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/user/1234/docker.sock")
    own = own_variables(engine(), settings)
    assert (own.lab_uid, own.lab_gid, own.docker_socket) == (1234, 99, "/run/user/1234/docker.sock")


def test_jupyterlab_is_not_root_for_roots_own_clone(settings, notebooks):
    notebooks(0)
    assert own_variables(engine(), settings).lab_uid == 1000


@pytest.mark.parametrize(("user", "given"), [(0, 3), (5, 0)])
def test_roots_notebooks_are_given_to_the_user_of_jupyterlab(settings, monkeypatch, tmp_path, user, given):
    changed = []
    (tmp_path / "notebooks" / "work").mkdir(parents=True)
    (tmp_path / "notebooks" / "00.ipynb").touch()
    monkeypatch.setattr("os.getuid", lambda: user)
    monkeypatch.setattr("os.chown", lambda path, uid, gid: changed.append((uid, gid)))
    monkeypatch.setattr(Path, "stat", lambda *_, **__: SimpleNamespace(st_uid=0, st_mode=0o40755))
    give(tmp_path / "notebooks", settings)
    assert changed == [(1000, 1000)] * given


def test_without_root_rights_root_of_a_container_is_the_user(settings):
    assert own_variables(engine(SecurityOptions=["name=seccomp", "name=rootless"]), settings).lab_uid == 0


def test_docker_desktop_has_the_usual_socket_in_its_machine(settings, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///home/kim/.docker/desktop/docker.sock")
    assert own_variables(engine(OperatingSystem="Docker Desktop"), settings).docker_socket == "/var/run/docker.sock"


def test_the_socket_of_an_engine_without_root_rights_is_handed_over(settings, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/user/1234/docker.sock")
    assert own_variables(engine(SecurityOptions=["name=rootless"]), settings).docker_socket == "/run/user/1234/docker.sock"


def test_on_a_mac_every_engine_has_the_usual_socket_in_its_machine(settings, monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setenv("DOCKER_HOST", "unix:///Users/kim/.colima/default/docker.sock")
    assert own_variables(engine(), settings).docker_socket == "/var/run/docker.sock"


def test_what_somebody_set_stays(settings, monkeypatch):
    chosen = type(settings)(lab_uid=7, docker_socket="/x.sock")
    monkeypatch.setenv("DOCKER_HOST", "unix:///y.sock")
    own = own_variables(engine(SecurityOptions=["name=rootless"]), chosen)
    assert (own.lab_uid, own.docker_socket) == (7, "/x.sock")


@pytest.mark.parametrize(
    ("label", "wish", "model"),
    [
        ({compose_lab.STAND_IN: "true"}, {}, "smollm2:135m"),
        ({}, {}, "llama3.2:1b"),
        (None, {}, "llama3.2:1b"),
        ({compose_lab.STAND_IN: "true"}, {"CHAT_MODEL": "qwen3:0.6b"}, "qwen3:0.6b"),
        ({compose_lab.STAND_IN: "true"}, {"CHAT_MODEL": "llama3.2:1b"}, "llama3.2:1b"),
    ],
)
def test_a_stand_in_for_ollamas_image_gets_the_model_that_it_has(monkeypatch, label, wish, model):
    monkeypatch.delenv("CHAT_MODEL", raising=False)
    for name, value in wish.items():
        monkeypatch.setenv(name, value)
    images = SimpleNamespace(get=lambda _: SimpleNamespace(labels=label))
    monkeypatch.setattr(compose_lab, "connect", lambda _: SimpleNamespace(images=images, close=lambda: None))
    assert with_chat_model(load_settings(lab_place="compose")).chat_model == model
