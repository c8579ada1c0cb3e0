"""The checks of lesson 01 that need an engine: what a right answer is, when the engine holds something else."""

import io

import httpx
import pytest

from lab.containers import address, clear, labels, need_image, wait_until
from lab.course.exercise import Wrong
from lab.course.exercises import lesson_01
from lab.course.own_engine import become_healthy, files_of
from lab.settings import get_settings

PORTS = {"11434/tcp": ("127.0.0.1", None)}
UNLOAD = {"model": get_settings().lesson_model, "keep_alive": 0}


@pytest.fixture(scope="module", autouse=True)
def nothing_left(engine):
    clear("01")
    yield
    clear("01")


@pytest.fixture(scope="module")
def server(engine):
    """The lesson's server with its model, as the lesson has it before the exercises."""
    engine.volumes.create("lesson-01-models", labels=labels("01"))
    volumes = {"lesson-01-models": {"bind": "/root/.ollama", "mode": "rw"}}
    image = need_image(get_settings().ollama_image)
    server = engine.containers.run(image, name="lesson-01-server", detach=True, labels=labels("01"), ports=PORTS, volumes=volumes)
    url = address(server, "11434/tcp")
    wait_until(lambda: httpx.get(url).is_success, "the server's first answer")
    httpx.post(f"{url}/api/pull", json={"model": get_settings().lesson_model, "stream": False}, timeout=120)
    return server


def ask(server, **more):
    return httpx.post(f"{address(server, '11434/tcp')}/api/generate", json={"model": UNLOAD["model"], **more}, timeout=60)


def build(engine, tag, dockerfile):
    lines = f"FROM {get_settings().debian_image}\nLABEL lab.lesson=01\n{dockerfile}"
    engine.images.build(fileobj=io.BytesIO(lines.encode()), tag=tag, rm=True, forcerm=True)


def test_a_closed_server_with_the_model_is_right(server):
    assert lesson_01.closed_server(server) is None


def test_a_server_with_an_empty_volume_is_told(engine, server):
    volumes = {"lesson-01-models": {"bind": "/root/.ollama", "mode": "rw"}}
    elsewhere = {"OLLAMA_MODELS": "/tmp/models"}
    image = get_settings().ollama_image
    other = engine.containers.run(image, detach=True, labels=labels("01"), ports=PORTS, volumes=volumes, environment=elsewhere)
    with pytest.raises(Wrong, match="does not have"):
        lesson_01.closed_server(other)


def test_a_right_request_that_was_not_sent_is_told(server):
    ask(server)
    with pytest.raises(Wrong, match="Was it sent"):
        lesson_01.unload(UNLOAD)


def test_a_right_request_that_was_sent_is_right(server):
    ask(server)
    ask(server, keep_alive=0)
    assert lesson_01.unload(UNLOAD) is None


def test_a_missing_container_is_told_by_name():
    with pytest.raises(Wrong, match="no container lesson-01-empty"):
        lesson_01.container("lesson-01-empty")


def test_a_missing_image_is_told_by_name():
    with pytest.raises(Wrong, match="no image lesson-01-context"):
        lesson_01.context("*\n!app.py\n!requirements.txt\n")


def test_an_image_with_more_files_is_told_by_their_names(engine):
    build(engine, "lesson-01-context", "RUN mkdir /app && touch /app/app.py /app/requirements.txt /app/.env\n")
    assert files_of("lesson-01-context", "/app") == {"app.py", "requirements.txt", ".env"}
    with pytest.raises(Wrong, match=r"your image holds \.env, app\.py"):
        lesson_01.context("*\n!app.py\n!requirements.txt\n")


def test_an_image_whose_check_passes_becomes_healthy(engine):
    build(engine, "lesson-01-well", 'HEALTHCHECK CMD ["true"]\nCMD ["sleep", "60"]\n')
    assert become_healthy("lesson-01-well", "01") is None


def test_an_image_whose_check_fails_is_told_with_its_words(engine, monkeypatch):
    monkeypatch.setattr("lab.course.own_engine.PATIENCE", 2)
    build(engine, "lesson-01-ill", 'HEALTHCHECK CMD echo no such page; exit 1\nCMD ["sleep", "60"]\n')
    with pytest.raises(Wrong, match="It said: no such page"):
        become_healthy("lesson-01-ill", "01")


def test_the_container_of_a_health_check_is_removed(engine):
    assert not engine.containers.list(all=True, filters={"ancestor": "lesson-01-ill"})
