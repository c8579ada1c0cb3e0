"""What a learner's own Docker Engine holds, for checks. What is missing there is told as a verdict."""

import json
from typing import Any
from urllib.request import urlopen

from lab.containers import health, labels, wait_until
from lab.course.exercise import Wrong
from lab.course.text import text
from lab.errors import EngineError

PATIENCE = 60  # seconds for a container to become healthy


def container(name: str) -> Any:
    """The container called `name`. Raises Wrong when there is none."""
    import docker
    from docker.errors import NotFound

    try:
        return docker.from_env().containers.get(name)
    except NotFound:
        raise Wrong(text("There is no container {name}. Run the cells above again.", name=name)) from None


def image(tag: str) -> Any:
    """The image called `tag`. Raises Wrong when there is none."""
    import docker
    from docker.errors import ImageNotFound

    try:
        return docker.from_env().images.get(tag)
    except ImageNotFound:
        raise Wrong(text("There is no image {tag} yet. Build it.", tag=tag)) from None


def files_of(tag: str, folder: str) -> set[str]:
    """All files in a folder of the image, relative to it; its own program `find` lists them."""
    listed = image(tag).client.containers.run(tag, ["find", folder, "-type", "f"], entrypoint="", remove=True)
    return {line.removeprefix(f"{folder}/") for line in listed.decode().splitlines()}


def become_healthy(tag: str, lesson: str) -> None:
    """Run the image until its own check says healthy; the check runs every half second here. Raises Wrong with what it said."""
    run = image(tag).client.containers.run(tag, detach=True, labels=labels(lesson), healthcheck={"interval": 500_000_000})
    try:
        wait_until(lambda: health(run) == "healthy", "a healthy container", PATIENCE)
    except EngineError:
        raise Wrong(text("Your container did not become healthy. It said: {words}", words=_last_words(run))) from None
    finally:
        run.remove(force=True)


def get_json(url: str) -> Any:
    """What a service answers."""
    with urlopen(url, timeout=5) as answer:
        return json.load(answer)


def _last_words(run: Any) -> str:
    """The output of its last check, else the end of its log."""
    checks = run.attrs["State"].get("Health", {}).get("Log") or [{"Output": ""}]
    return str(checks[-1]["Output"].strip() or run.logs(tail=3).decode().strip())[-300:]
