"""A Docker Engine in a container: a machine of a cluster, on your own machine.

What a lesson does to it (Swarm mode, say) changes nothing on the engine that it runs in.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lab.containers.container import address
from lab.containers.image import need_image
from lab.containers.waiting import wait_until
from lab.errors import EngineError
from lab.settings import get_settings

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

API = "2375/tcp"
# Without TLS, so on this machine's own address only. `--tls=false` says that this is meant; dockerd would wait 15 s for a change of mind.
DOCKERD = ["dockerd", "--host=unix:///var/run/docker.sock", "--host=tcp://0.0.0.0:2375", "--tls=false"]
Ports = dict[str, tuple[str, int | None]]


class Node:
    """An engine in the container `container`; `client` speaks to it, as `docker.from_env()` does to the one outside."""

    def __init__(self, container: "Container", client: "DockerClient"):
        self.container = container
        self.client = client

    @property
    def name(self) -> str:
        """The container's name, and the node's in a cluster."""
        return str(self.container.name)

    def docker(self, *words: str, environment: dict[str, str] | None = None) -> str:
        """What the command `docker WORDS` prints on this node. Raises EngineError with its message when it fails."""
        code, told = self.container.exec_run(["docker", *words], environment=environment or {}, demux=True)
        out, error = ((part or b"").decode(errors="replace") for part in told)
        if code:
            raise EngineError(f"`docker {' '.join(words)}` failed on {self.name}: {error.strip() or out.strip()}", "")
        return out

    def address(self, port: str) -> str:
        """Where this machine reaches what listens on a port of the node, as in `node.address("8080/tcp")`."""
        return address(self.container, port)

    def take(self, *images: str) -> None:
        """Copy images from the engine outside, those that this one lacks: a node has none of its own."""
        import docker

        outside = docker.from_env(timeout=600)
        have = {tag for image in self.client.images.list() for tag in image.tags}
        for name in images:
            if name not in have:
                need_image(name)
                self.client.images.load(outside.api.get_image(name))

    def remove(self) -> None:
        """The container with all that is in it."""
        self.client.close()
        self.container.remove(force=True, v=True)


def start_node(name: str, labels: dict[str, str], ports: Iterable[str] = (), **options: Any) -> Node:
    """An engine that answers, in a privileged container. `ports` of it are published on 127.0.0.1, at numbers that Docker chooses."""
    import docker

    image = get_settings().sandbox_image
    need_image(image)
    published: Ports = dict.fromkeys((API, *ports), ("127.0.0.1", None))
    container = docker.from_env().containers.run(
        image, DOCKERD, name=name, hostname=name, labels=labels, privileged=True, detach=True,
        environment={"DOCKER_TLS_CERTDIR": ""}, ports=published, **options
    )  # fmt: skip
    try:
        return Node(container, wait_until(lambda: _client(container), f"the engine in {name}", 60))
    except BaseException:
        container.remove(force=True, v=True)
        raise


def _client(container: "Container") -> "DockerClient":
    import docker

    client = docker.DockerClient(base_url=address(container, API).replace("http:", "tcp:"), timeout=120)
    client.ping()
    return client
