"""Exercises of lesson 02 whose mistakes can only be seen on an engine: images and volumes made wrong in one way each."""

import subprocess

import pytest

from lab.containers import clear, labels, wait_until
from lab.course.exercise import all_exercises
from lab.course.exercises import lesson_02
from lab.course.judge import judge
from lab.course.verdict import State
from lab.settings import get_settings

LESSON = "97y"  # no lesson of the course
VOLUME = "test-lesson-02-old"
SERVER = "test-lesson-02-server"
MANIFESTS = "/root/.ollama/models/manifests/registry.ollama.ai/library"
# A file of the right name is enough for the checks that end before they read it.
MODEL = f"RUN mkdir -p {MANIFESTS}/all-minilm {MANIFESTS}/smollm2 && touch {MANIFESTS}/all-minilm/latest {MANIFESTS}/smollm2/135m\n"
IMAGES = {
    "bake without a model": ("bake", "ENV MODEL=all-minilm\n", "holds no all-minilm"),
    "bake with the key": ("bake", MODEL + "RUN touch /root/.ollama/id_ed25519\n", "private key"),
    "bake with a wrong command": ("bake", MODEL + 'CMD ["ollama", "serve"]\n', "ollama ollama serve"),
    "bake done right": ("bake", MODEL, ""),
    "lock without a digest": ("lock", MODEL + 'LABEL ollama.model.digest=""\n', "not a digest of 64 digits"),
    "lock with another digest": ("lock", MODEL + f"LABEL ollama.model.digest={'0' * 64}\n", "no model in the image has"),
    "models at the usual place": ("no-hide", MODEL, "OLLAMA_MODELS is not set"),
    "models elsewhere, folder empty": ("no-hide", "ENV OLLAMA_MODELS=/models\n", "OLLAMA_MODELS is /models"),
}


@pytest.fixture(autouse=True)
def lesson(engine, monkeypatch):
    """Labels and names of this test, so that a lesson that somebody runs now is left alone."""
    monkeypatch.setattr(lesson_02, "MARK", labels(LESSON))
    monkeypatch.setattr(lesson_02, "OLD_VOLUME", VOLUME)
    monkeypatch.setattr(lesson_02, "SERVER", SERVER)
    monkeypatch.setattr(lesson_02, "NEWER", get_settings().ollama_image)
    yield
    clear(LESSON)


def verdict_on(id, value):
    exercise = all_exercises()[id]
    return judge(exercise, {exercise.names[0]: value})


def build(tag, lines):
    command = ["docker", "build", "--label", f"lab.lesson={LESSON}", "--tag", tag, "-"]
    dockerfile = f"FROM {get_settings().ollama_image}\n{lines}"
    subprocess.run(command, input=dockerfile, text=True, check=True, capture_output=True, timeout=120)


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_judged_by_what_is_in_it(name):
    id, lines, words = IMAGES[name]
    build("test-lesson-02:1.0", lines)
    verdict = verdict_on(id, "test-lesson-02:1.0")
    assert words in verdict.message
    assert verdict.state is (State.INCORRECT if words else State.CORRECT)


@pytest.mark.parametrize("id", ["bake", "lock", "no-hide"])
def test_an_image_that_is_not_there_is_told(id):
    assert "The engine has no image test-lesson-02:none" in verdict_on(id, "test-lesson-02:none").message


def test_an_image_without_the_label_is_told():
    assert "lacks the lesson's label" in verdict_on("bake", get_settings().debian_image).message


def test_a_volume_that_is_not_there_is_told_and_not_made(engine):
    assert f"The volume {VOLUME} is not there" in verdict_on("rescue", VOLUME).message
    assert VOLUME not in [volume.name for volume in engine.volumes.list()]


def test_a_volume_without_the_new_model_is_told(engine):
    engine.volumes.create(VOLUME, labels=labels(LESSON))
    assert f"{VOLUME} holds no pirate" in verdict_on("rescue", VOLUME).message


def test_manifests_without_their_blobs_are_told(engine):
    engine.volumes.create(VOLUME, labels=labels(LESSON))
    digest = "a" * 64
    write = f'for m in pirate all-minilm smollm2; do mkdir -p "$1/$m"; printf \'{{"digest":"sha256:{digest}"}}\' > "$1/$m/135m"; done'
    mount = {VOLUME: {"bind": "/old", "mode": "rw"}}
    lesson_02._inside(get_settings().ollama_image, write, "/old/models/manifests/registry.ollama.ai/library", volumes=mount)
    assert "sha256-aaaaaaaaaaaa…, which the volume lacks" in verdict_on("rescue", VOLUME).message


def test_a_persona_without_its_server_is_told():
    assert f"The container {SERVER} is not there" in verdict_on("persona", "pilot").message


def test_personas_are_judged_by_what_the_server_says(engine):
    server = engine.containers.run(get_settings().ollama_image, name=SERVER, detach=True, labels=labels(LESSON))
    wait_until(lambda: server.exec_run(["ollama", "list"]).exit_code == 0, "the server")
    model = get_settings().lesson_model
    files = {
        "warm": f"FROM {model}\nSYSTEM A pilot in the harbor.",
        "inland": f"FROM {model}\nPARAMETER temperature 0\nSYSTEM A farmer.",
        "other": "FROM all-minilm\nPARAMETER temperature 0\nSYSTEM A pilot in the harbor.",
        "right": f'FROM {model}\nPARAMETER temperature 0\nSYSTEM """A pilot.\nIn the harbor."""',
    }
    for name, content in files.items():
        done = server.exec_run(["sh", "-c", f"printf '{content}' > /tmp/{name} && ollama create {name} -f /tmp/{name}"])
        assert done.exit_code == 0, done.output
    said = {name: verdict_on("persona", name).message for name in (*files, "nobody")}
    expected = {"warm": "temperature is", "inland": "a harbor", "other": "other weights", "nobody": f"{SERVER} has no model nobody"}
    assert {name: words in said[name] for name, words in expected.items()} == dict.fromkeys(expected, True)
    assert said["right"] == ""
