"""Starting and stopping in the place compose: what is remembered, and what is refused. No container is made."""

import json

import pytest

from lab.errors import LabError, ServiceError
from lab.settings import load_settings
from lab.stack import compose_lab, lifecycle
from lab.stack.lifecycle import down, up
from lab.stack.place import Choice


@pytest.fixture
def containers(settings, monkeypatch):
    """The lab's containers, as a set of names; starting them fills it."""
    running = set()

    def start(settings, view):
        running.update(("ollama", "chroma"))
        return "Ollama computes on the CPU"

    def stop(settings):
        names = sorted(running)
        running.clear()
        return names, ["slipway_chroma"]

    monkeypatch.delenv("LAB_PLACE")
    monkeypatch.setattr(lifecycle, "choose", lambda settings, wanted: Choice(wanted or "compose", "Docker Engine 28.5.2 answers"))
    monkeypatch.setattr(compose_lab, "with_chat_model", lambda settings: settings)
    monkeypatch.setattr(compose_lab, "up", start)
    monkeypatch.setattr(compose_lab, "down", stop)
    monkeypatch.setattr(compose_lab, "any_runs", lambda settings, of_this_folder=False: bool(running))
    return running


def remembered(settings):
    return json.loads((settings.lab_home / "lab.json").read_text())


def test_the_reason_tells_engine_and_gpu_and_other_terminals_find_the_place(settings, containers):
    choice = up()[1]
    assert (choice.place, choice.reason) == ("compose", "Docker Engine 28.5.2 answers; Ollama computes on the CPU")
    assert load_settings().lab_place == "compose"
    assert (settings.lab_home / "lab.json").stat().st_mode & 0o777 == 0o600


def test_a_second_start_keeps_token_and_place_and_the_reason_does_not_grow(settings, containers):
    first, second = up(), up()
    assert first[0].jupyter_token == second[0].jupyter_token
    assert second[1].reason.count("Ollama") == 1


def test_a_start_that_fails_is_remembered_so_that_down_finds_it(settings, containers, monkeypatch):
    def fail(settings, view):
        containers.add("ollama")
        raise ServiceError("Chroma ended.", "")

    monkeypatch.setattr(compose_lab, "up", fail)
    with pytest.raises(ServiceError):
        up()
    assert remembered(settings)["settings"]["lab_place"] == "compose"
    assert down().names == ["ollama"]


def test_another_place_is_refused_while_containers_run(containers):
    up()
    with pytest.raises(LabError, match="already runs in the place compose"):
        up("embedded")


def test_when_they_are_gone_the_place_is_chosen_anew(settings, containers, monkeypatch):
    up()
    containers.clear()
    asked = []
    monkeypatch.setattr(lifecycle, "choose", lambda settings, wanted: asked.append(wanted) or Choice("compose", "again"))
    assert up()[1].reason.startswith("again")
    assert asked == [None]


def test_down_tells_the_volumes_and_forgets_the_place(settings, containers):
    up()
    stopped = down()
    assert (stopped.names, stopped.volumes) == (["chroma", "ollama"], ["slipway_chroma"])
    assert set(remembered(settings)["settings"]) == {"jupyter_token", "redis_password", "grafana_password"}
    assert remembered(settings)["place"] == "compose"


@pytest.mark.parametrize("command", [up, down])
def test_inside_jupyterlabs_container_the_lab_is_left_alone(settings, containers, monkeypatch, command):
    monkeypatch.setenv("LAB_PLACE", "compose")
    monkeypatch.setenv("CHROMA_HOST", "chroma")
    with pytest.raises(LabError, match="from outside"):
        command()
    assert not (settings.lab_home / "lab.json").exists()
