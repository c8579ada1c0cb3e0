"""What a container tells about itself, asked anew each time: the SDK's own attributes are those of its last look."""

from typing import TYPE_CHECKING

from lab.errors import EngineError

if TYPE_CHECKING:
    from docker.models.containers import Container

ANY = ("", "0.0.0.0", "::")  # published on all interfaces, this machine's own among them


def address(container: "Container", port: str) -> str:
    """Where this machine reaches a container's port. Example: `address(server, "11434/tcp")` is http://127.0.0.1:49153.

    Raises EngineError when the container does not run, or does not publish the port.
    """
    container.reload()
    if container.status != "running":
        raise EngineError(
            f"The container {container.name} is {container.status}, so nothing answers there.", f"Read `docker logs {container.name}`."
        )
    published = container.ports.get(port)
    if not published:
        told = ", ".join(key for key, value in container.ports.items() if value) or "none"
        raise EngineError(
            f"The container {container.name} does not publish {port}; published: {told}.",
            f'Ports are given when a container is made: ports={{"{port}": ("127.0.0.1", None)}}.',
        )
    host, number = published[0]["HostIp"], published[0]["HostPort"]
    return f"http://{'127.0.0.1' if host in ANY else host}:{number}"


def health(container: "Container") -> str:
    """What the container's healthcheck says now: starting, healthy or unhealthy; none when it has no healthcheck."""
    container.reload()
    return str(container.attrs["State"].get("Health", {}).get("Status") or "none")
