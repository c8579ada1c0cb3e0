"""An image is taken where it is, and pulled with all its layers counted where it is not."""

from types import SimpleNamespace

import docker
import pytest
from docker.errors import APIError, ImageNotFound

from lab.containers import need_image
from lab.errors import EngineError

LAYERS = [
    {"status": "Pulling from library/python", "id": "3.13-slim"},
    {"status": "Downloading", "id": "a", "progressDetail": {"current": 10, "total": 100}},
    {"status": "Downloading", "id": "b", "progressDetail": {"current": 50, "total": 50}},
    {"status": "Downloading", "id": "a", "progressDetail": {"current": 100, "total": 100}},
    {"status": "Extracting", "id": "a", "progressDetail": {"current": 1, "total": 100}},
    {"status": "Pull complete", "id": "a", "progressDetail": {}},
]


@pytest.fixture
def pulled(monkeypatch):
    """pulled(steps): an engine without images, whose pull tells these steps. It lists what was asked for."""
    asked = []

    def arrange(steps):
        def pull(repository, tag, **options):
            asked.append((repository, tag))
            if isinstance(steps, Exception):
                raise steps
            return iter(steps)

        def get(name):
            if not asked:
                raise ImageNotFound(f"No such image: {name}")
            return name

        engine = SimpleNamespace(images=SimpleNamespace(get=get), api=SimpleNamespace(pull=pull))
        monkeypatch.setattr(docker, "from_env", lambda: engine)
        return asked

    return arrange


def test_an_image_that_is_here_is_not_pulled(engine):
    image = engine.images.add("python:3.13-slim")
    assert need_image("python:3.13-slim") is image


@pytest.mark.parametrize(
    ("name", "parts"),
    [("python:3.13-slim", ("python", "3.13-slim")), ("localhost:5000/team/app:1.0", ("localhost:5000/team/app", "1.0"))],
)
def test_a_missing_image_is_pulled_by_repository_and_tag(pulled, name, parts):
    asked = pulled(LAYERS)
    assert need_image(name) == name
    assert asked == [parts]


def test_progress_counts_the_bytes_of_all_layers(pulled, capsys):
    pulled(LAYERS)
    need_image("python:3.13-slim")
    assert "150/150" in capsys.readouterr().err


def test_a_pull_that_fails_on_the_way_is_told(pulled):
    pulled([*LAYERS[:2], {"error": "unexpected EOF"}])
    with pytest.raises(EngineError, match=r"python:3\.13-slim is not here and cannot be pulled: unexpected EOF"):
        need_image("python:3.13-slim")


def test_a_refused_pull_is_told_with_the_command_to_try(pulled):
    pulled(APIError("404", explanation="manifest unknown"))
    with pytest.raises(EngineError) as raised:
        need_image("python:9.9")
    assert "manifest unknown" in raised.value.what
    assert "docker pull python:9.9" in raised.value.hint
