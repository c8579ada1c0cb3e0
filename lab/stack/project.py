"""The lab's containers, found by the labels that Compose gives them, and what state each is in."""

from typing import TYPE_CHECKING, Any

from lab.errors import EngineError
from lab.settings import Settings
from lab.stack.docker_engine import connect

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
NUMBER = "com.docker.compose.container-number"
ONE_SHOTS = ("model-pull", "ingest", "handover")  # they do their work and end; ended with 0 they are as they should be


def containers(client: "DockerClient", settings: Settings) -> dict[str, "Container"]:
    """Service and container, stopped ones too; further ones of a scaled service are called NAME-2, NAME-3. Raises EngineError."""
    from docker.errors import DockerException

    try:
        found = client.containers.list(all=True, filters=project_filter(settings), ignore_removed=True)
    except (DockerException, OSError) as error:
        raise EngineError(f"The Docker Engine does not answer: {error}.", "See what `docker version` says.") from error
    parts: dict[str, Container] = {}
    for one in sorted(found, key=_number):
        if name := one.labels.get(SERVICE):
            parts[f"{name}-{_number(one)}" if name in parts else name] = one
    return parts


def _number(container: "Container") -> int:
    return int(container.labels.get(NUMBER, 1))


def read_containers(settings: Settings) -> dict[str, "Container"]:
    """The same, with a client of its own."""
    client = connect(settings)
    try:
        return containers(client, settings)
    finally:
        client.close()


def project_filter(settings: Settings) -> dict[str, Any]:
    """What limits a question to the engine to this lab."""
    return {"label": f"{PROJECT}={settings.compose_project_name}"}


def runs(container: "Container") -> bool:
    """True while its process lives."""
    return container.status in ("running", "paused", "restarting")


def health(container: "Container") -> str:
    """starting, healthy, unhealthy, or empty without a healthcheck; as of the last look."""
    return str(container.attrs["State"].get("Health", {}).get("Status") or "")


def failed(container: "Container") -> bool:
    """True when it ended with an error or its healthcheck fails."""
    state = container.attrs["State"]
    return health(container) == "unhealthy" if runs(container) else bool(state.get("ExitCode") or state.get("Error"))


def is_apart(parts: "dict[str, Container]") -> bool:
    """True when the sandbox engine is still in a network that JupyterLab has left: it joined the one of an earlier start."""
    sandbox, jupyter = parts.get("sandbox"), parts.get("jupyter")
    if sandbox is None or jupyter is None or not runs(sandbox):
        return False
    return not runs(jupyter) or sandbox.attrs["State"]["StartedAt"] < jupyter.attrs["State"]["StartedAt"]


def last_lines(container: "Container", count: int) -> list[str]:
    """The end of its log."""
    return str(container.logs(tail=count).decode("utf-8", "replace")).splitlines()[-count:]
