"""Exercises of lesson 04 look at the engine: a right text alone is not enough. The engine here is made up."""

from types import SimpleNamespace as Made

import pytest

from lab.course.exercise import all_exercises
from lab.course.judge import judge
from lab.course.verdict import State
from lab.errors import EngineError

ANSWERS = {
    "mount": {"my_mount": "vectors04:/data"},
    "ports": {"my_ports": ["127.0.0.1::8000"]},
    "hidden": {"my_networks": {"chroma": ["back"], "api": ["default", "back"]}},
    "one-model": {"my_model": "${CHAT_MODEL:-smollm2:135m}"},
    "console": {"my_console": '  console:\n    image: x\n    labels: *ours\n    profiles: [tools]\n    command: ["sleep", "infinity"]\n'},
}


def inspected(mount="/data", host="127.0.0.1", networks=("back",), model="smollm2:135m", status="running"):
    return {
        "Mounts": [{"Destination": mount, "Name": "lesson04_vectors04"}],
        "NetworkSettings": {"Ports": {"8000/tcp": [{"HostIp": host}]}, "Networks": {f"lesson04_{name}": {} for name in networks}},
        "Config": {"Env": [f"CHAT_MODEL={model}"]},
        "State": {"Status": status},
    }


RIGHT = {
    "chroma": inspected(),
    "api": inspected(networks=("back", "default")),
    "model-pull": inspected(),
    "console": inspected(),
}
# id of the exercise, service whose container is not as the text says, its state, words of the verdict
NOT_APPLIED = [
    ("mount", "chroma", inspected(mount="/chroma/chroma"), "not made from it yet"),
    ("ports", "chroma", inspected(host="0.0.0.0"), "not made from it yet"),
    ("hidden", "chroma", inspected(networks=("default",)), "not made from it yet"),
    ("one-model", "api", inspected(model="smollm2:360m"), "smollm2:360m"),
    ("console", "console", inspected(status="exited"), "exited"),
]


@pytest.fixture
def engine(monkeypatch):
    """engine(services) puts an engine in place that knows these services' containers."""

    def put(services):
        def listed(all, filters):
            service = filters["label"][1].partition("service=")[2]
            return [Made(attrs=services[service])] if service in services else []

        monkeypatch.setattr("lab.containers.require_engine", lambda: None)
        monkeypatch.setattr("docker.from_env", lambda: Made(containers=Made(list=listed)))

    return put


def verdict(id):
    return judge(all_exercises()[id], ANSWERS[id])


@pytest.mark.parametrize("id", ANSWERS)
def test_a_right_text_that_runs_is_correct(engine, id):
    engine(RIGHT)
    assert verdict(id).state is State.CORRECT


@pytest.mark.parametrize(("id", "service", "state", "words"), NOT_APPLIED)
def test_a_right_text_that_does_not_run_is_told(engine, id, service, state, words):
    engine({**RIGHT, service: state})
    told = verdict(id)
    assert told.state is State.INCORRECT
    assert words in told.message


@pytest.mark.parametrize("id", ANSWERS)
def test_a_missing_container_names_the_cell_to_run(engine, id):
    engine({})
    assert "docker compose up" in verdict(id).message


def test_a_missing_engine_is_told_in_its_own_words(monkeypatch):
    def none():
        raise EngineError("No Docker Engine was found.", "Start Docker.")

    monkeypatch.setattr("lab.containers.require_engine", none)
    assert "No Docker Engine was found" in verdict("mount").message
