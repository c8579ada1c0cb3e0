"""Can Docker give Ollama's container a GPU? Found out by starting one: neither `docker info` nor a driver on the machine proves it."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.errors import EngineError
from lab.settings import Settings
from lab.stack.project import runs

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

PATIENCE = 20  # seconds for a container that does nothing
HINT = "Install the driver and the NVIDIA Container Toolkit, or set LAB_GPU=auto in .env to compute on the CPU without one."


@dataclass(frozen=True)
class Gpu:
    """Whether Ollama's container gets the GPU, and why, in words that continue "Ollama computes on the ..."."""

    used: bool
    words: str


def decide(client: "DockerClient", settings: Settings, running: "Container | None" = None) -> Gpu:
    """Asks Docker, unless LAB_GPU says off or a running container tells. Raises EngineError for LAB_GPU=on without a GPU."""
    if settings.lab_gpu == "off":
        return Gpu(False, "the CPU, as LAB_GPU says")
    if running and runs(running) and has_gpu(running):
        return Gpu(True, "the GPU")
    problem = "Docker runs in a virtual machine there that has none" if sys.platform == "darwin" else refusal(client, settings)
    if not problem:
        return Gpu(True, "the GPU")
    if settings.lab_gpu == "on":
        raise EngineError(f"LAB_GPU is on, and Docker cannot give a GPU: {problem}.", HINT)
    return Gpu(False, "the CPU: Docker has no GPU to give")


def has_gpu(container: "Container") -> bool:
    """True for a container that was made with a GPU."""
    return bool(container.attrs["HostConfig"].get("DeviceRequests"))


def refusal(client: "DockerClient", settings: Settings) -> str:
    """Starts a container with all GPUs that ends at once; returns what Docker has against it, or nothing."""
    from docker.errors import APIError
    from docker.types import DeviceRequest

    wanted = [DeviceRequest(count=-1, capabilities=[["gpu"]])]
    trial = client.containers.create(
        settings.ollama_image, entrypoint="true", command=[], device_requests=wanted, network_mode="none", labels={"lab.trial": "gpu"}
    )
    try:
        trial.start()
        trial.wait(timeout=PATIENCE)
    except APIError as error:
        return str(error.explanation).strip().rstrip(".")
    except OSError:  # what the SDK's HTTP library raises when the engine still waits
        return f"a container that has it did not end within {PATIENCE} s"
    finally:
        trial.remove(force=True, v=True)
    return ""
