"""The stack of deploy/swarm on a node of its own: an engine in a container, so that no other engine joins a swarm."""

import hashlib
import io
import os
import secrets
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from lab.containers.node import Node, start_node
from lab.errors import EngineError
from lab.settings import ROOT, get_settings

KEY = "a-key-for-measurements"
LABELS = {"lab.test": "swarm"}
API, PROXY = f"slipway-swarm{os.getpid()}-api", f"slipway-swarm{os.getpid()}-proxy"
# what makes each version another image; the first one has a small handbook, which is in the index within seconds
VERSIONS = {
    "1": "RUN find corpus -name '*.md' ! -name volumes.md ! -name healthchecks.md -delete",
    "2": "RUN sed -i s/0.1.0/0.2.0/ lab/__init__.py",
    "broken": "RUN echo 'raise RuntimeError(\"a mistake that no test found\")' >>lab/service/app.py",
}


@dataclass
class Cluster:
    """The node, what the stack is deployed with, and its API behind the proxy."""

    node: Node
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Address of the proxy."""
        return self.node.address("8080/tcp")

    def deploy(self, version: str, **variables: str) -> None:
        """What `docker stack deploy` does with this version of the API's image; it returns when Swarm has been told."""
        self.variables |= {"API_IMAGE": f"{API}:{version}", **variables}
        command = ("stack", "deploy", "--resolve-image", "never", "--detach=true", "-c", "/swarm/stack.yaml", "lab")
        self.node.docker(*command, environment=self.variables)

    def tasks(self, service: str) -> list[dict[str, Any]]:
        """The service's tasks that shall run, with image and state."""
        found = self.node.client.services.get(f"lab_{service}").tasks({"desired-state": "running"})
        return [{"image": one["Spec"]["ContainerSpec"]["Image"], "state": one["Status"]["State"]} for one in found]

    def runs(self, service: str, image: str, copies: int) -> bool:
        """True when exactly so many copies run, all of this image."""
        return self.tasks(service) == [{"image": image, "state": "running"}] * copies

    def update_state(self) -> str:
        """How far the last update of the API is: updating, completed, rollback_started, rollback_completed, paused."""
        return str(self.node.client.services.get("lab_api").attrs.get("UpdateStatus", {}).get("State", ""))

    def ask(self, path: str = "/rag", **parameters: Any) -> httpx.Response:
        """A request through the proxy. Raises httpx.HTTPError when the answer is not one."""
        headers = {"Authorization": f"Bearer {KEY}"}
        answer = httpx.get(self.url + path, params=parameters, headers=headers, trust_env=False, timeout=60)
        return answer.raise_for_status()


@contextmanager
def cluster(**variables: str) -> Iterator[Cluster]:
    """A swarm of one node with the images that the stack needs. At the end nothing of it is left."""
    settings = get_settings()
    build()
    node = start_node(f"slipway-swarm{os.getpid()}", LABELS, ports=["8080/tcp"])
    try:
        node.take(f"{API}:base", f"{PROXY}:1", settings.chroma_image, settings.ollama_image, settings.redis_image)
        for version, change in VERSIONS.items():
            base = "base" if version == "1" else "1"
            dockerfile = io.BytesIO(f"FROM {API}:{base}\nUSER root\n{change}\nUSER 1000:1000\n".encode())
            node.client.images.build(fileobj=dockerfile, tag=f"{API}:{version}", pull=False)
        _prepare(node)
        keys = f"measurements:{hashlib.sha256(KEY.encode()).hexdigest()}"
        own = {"API_KEYS": keys, "CHAT_MODEL": "smollm2:135m", "PROXY_IMAGE": f"{PROXY}:1", "REDIS_IMAGE": settings.redis_image}
        yield Cluster(node, {**own, **variables})
    finally:
        node.remove()
        for image in (f"{API}:base", f"{PROXY}:1"):
            subprocess.run(["docker", "image", "rm", image], capture_output=True)


def build() -> None:
    """The images that the project builds, under names of this process."""
    settings = get_settings()
    for image, folder, base in (
        (f"{API}:base", "api", f"PYTHON_IMAGE={settings.python_image}"),
        (f"{PROXY}:1", "docker-proxy", f"DEBIAN_IMAGE={settings.debian_image}"),
    ):
        command = ["docker", "build", "--quiet", "--tag", image, "--build-arg", base, "--file", f"{folder}/Dockerfile", "."]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise EngineError(f"{image} was not built: {done.stderr[-2000:]}", "See what `docker build` says.")


def _prepare(node: Node) -> None:
    """What an administrator does once: swarm mode, a node for data, the password, the files of the stack."""
    files = io.BytesIO()
    with tarfile.open(fileobj=files, mode="w") as archive:
        archive.add(ROOT / "deploy" / "swarm", "swarm")
    node.container.put_archive("/", files.getvalue())
    node.client.swarm.init("127.0.0.1", "127.0.0.1:2377")
    node.docker("node", "update", "--label-add", "lab.data=true", node.name)
    node.client.secrets.create(name="redis_password", data=secrets.token_hex(16).encode())
