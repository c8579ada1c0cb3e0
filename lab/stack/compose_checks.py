"""What is looked at before containers are made: ports and room on the disk. A failure later would leave a half-made lab."""

import shutil
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lab.errors import EngineError, ServiceError
from lab.settings import Settings
from lab.stack.compose_errors import AGAIN
from lab.stack.docker_engine import connect, find_engine
from lab.stack.images import missing, require_images
from lab.stack.ports import describe, is_free, owner
from lab.stack.project import runs
from lab.stack.services import Service

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

ROOM = 8_000_000_000  # bytes that images, models and volumes want on Docker's disk at first ...
LEAST = 1_000_000_000  # ... and that are wanted in any case


def examine_engine(settings: Settings) -> None:
    """Raises LabError when the engine is away, too old, not for this user, has no Compose, no images or no room."""
    find_engine()
    client = connect(settings)
    try:
        require_images(client, settings)
        require_room(client, settings)
    finally:
        client.close()


def require_port(client: "DockerClient", settings: Settings, service: Service, own: "Iterable[Container]" = ()) -> None:
    """Raises ServiceError, with the owner and the setting, when a port is taken by anything but this lab's own containers."""
    port = service.own_port(settings)
    if is_free(port) or any(runs(container) and str(port) in _published(container) for container in own):
        return
    holder = next((one for one in client.containers.list() if str(port) in _published(one)), None)
    who = f"the container {holder.name}" if holder else describe(owner(port))
    hint = f"Stop that program, or choose another port with {service.port_setting} in .env; {AGAIN}."
    raise ServiceError(f"Port {port}, where {service.title} should answer, is taken by {who}.", hint)


def _published(container: "Container") -> Collection[str]:
    bindings = container.attrs["HostConfig"].get("PortBindings") or {}
    return [binding["HostPort"] for several in bindings.values() for binding in several or []]


def require_room(client: "DockerClient", settings: Settings) -> None:
    """Raises EngineError when Docker's disk is nearly full. Docker Desktop's disk cannot be seen from here."""
    folder = Path(str(client.info().get("DockerRootDir", "")))
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return
    wanted = ROOM if missing(client, settings) else LEAST
    if free < wanted:
        what = f"Docker's disk ({folder}) has {free / 1e9:.1f} GB left; the lab wants {wanted / 1e9:.0f} GB."
        hint = f"`docker system df` shows what fills it; `docker builder prune` removes build caches; {AGAIN}."
        raise EngineError(what, hint)
