"""What a learner's own Compose project holds, for checks. What is missing there is told as a verdict."""

from collections.abc import Mapping
from typing import Any

from lab.course.exercise import Wrong
from lab.course.text import text
from lab.errors import LabError


def inspect(project: str, service: str) -> Mapping[str, Any]:
    """What the engine knows about the service's newest container. Raises Wrong when there is none, or no engine."""
    import docker

    from lab.containers import require_engine

    try:
        require_engine()
    except LabError as error:
        raise Wrong(str(error)) from error
    mine = [f"com.docker.compose.project={project}", f"com.docker.compose.service={service}"]
    found = docker.from_env().containers.list(all=True, filters={"label": mine})
    if not found:
        raise Wrong(text("There is no container of the service `{service}`: run the cell with `docker compose up` above.", service=service))
    attributes: Mapping[str, Any] = found[0].attrs
    return attributes


def not_applied(service: str) -> Wrong:
    """The verdict on a right text from which no container was made."""
    return Wrong(
        text("Your text is right, and the container of `{service}` is not made from it yet: run the cell above again.", service=service)
    )


def environment(project: str, service: str) -> dict[str, str]:
    """The variables that the service's container was given."""
    return dict(line.split("=", 1) for line in inspect(project, service)["Config"]["Env"])


def read_service(piece: str, name: str, head: str) -> Mapping[str, Any]:
    """The service of this name in a piece of a Compose file; `head` declares what the piece refers to. Raises Wrong when it isn't there."""
    import yaml  # type: ignore[import-untyped]

    try:
        services = yaml.safe_load(f"{head}\nservices:\n" + piece.strip("\n"))["services"]
    except yaml.YAMLError as error:
        said = getattr(error, "problem", None) or error
        raise Wrong(text("The piece is no YAML: {said}. Look at indents and colons.", said=said)) from error
    if not isinstance(services, dict) or not isinstance(services.get(name), dict):
        raise Wrong(text("The service should be called `{name}`, with two spaces before it and its keys below.", name=name))
    found: Mapping[str, Any] = services[name]
    return found
