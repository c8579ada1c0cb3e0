"""What a lesson has made in Docker, known by one label, and its removal.

Nothing without exactly this label is ever removed: other containers on the machine are somebody's work.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from lab.errors import EngineError, InputError

LABEL = "lab.lesson"
LESSON = re.compile(r"\d\d[a-z]?")


def labels(lesson: str) -> dict[str, str]:
    """The label that everything a lesson makes carries. Example: `labels("01")` is {"lab.lesson": "01"}."""
    if not isinstance(lesson, str) or not LESSON.fullmatch(lesson):
        raise InputError(f"{lesson!r} is no lesson.", 'Write its number as a text of two digits, like "01".')
    return {LABEL: lesson}


def clear(lesson: str, *names: str) -> str:
    """Remove the lesson's containers, networks, volumes and images, and say so in the same words whether there were any.

    `names` are containers that the lesson is about to make.
    Raises EngineError when one of them belongs to somebody else, or when something cannot be removed.
    """
    import docker
    from docker.errors import APIError, NotFound

    client = docker.from_env()
    for thing, remove in _made(client, labels(lesson)):
        try:
            remove()
        except NotFound:  # gone in between, or with the thing before it
            continue
        except APIError as error:
            raise EngineError(f"Docker did not remove {thing}: {error.explanation}.", "Remove what uses it, then try again.") from error
    _require_free(client, names)
    return f"Lesson {lesson} has no containers, networks, volumes or images here."


def _made(client: Any, mark: dict[str, str]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Each thing of the lesson with the call that removes it, users before what they use."""
    only = {"filters": {"label": [f"{key}={value}" for key, value in mark.items()]}}
    for container in client.containers.list(all=True, ignore_removed=True, **only):
        yield f"the container {container.name}", partial(container.remove, force=True, v=True)
    for network in client.networks.list(**only):
        yield f"the network {network.name}", network.remove
    for volume in client.volumes.list(**only):
        yield f"the volume {volume.name}", volume.remove
    for image in client.images.list(**only):
        # by its id and with force: it may have several names, and all of them are the lesson's
        yield f"the image {_title(image)}", partial(client.images.remove, image.id, force=True)


def _title(image: Any) -> str:
    return str(image.tags[0] if image.tags else image.short_id)


def _require_free(client: Any, names: tuple[str, ...]) -> None:
    from docker.errors import NotFound

    for name in names:
        try:
            client.containers.get(name)
        except NotFound:
            continue
        raise EngineError(
            f"There is already a container called {name}, and this lesson did not make it.",
            f"Give it another name with `docker rename {name} {name}-mine`, or remove it with `docker rm -f {name}`.",
        )
