"""The Docker Engine that a lesson works on, and the one that runs the lab. Often they are the same.

docker is imported inside the functions: the exercises import this package, and `lab status` should not wait for it.
"""

import os
import re
from typing import TYPE_CHECKING

from lab.errors import EngineError
from lab.settings import get_settings

if TYPE_CHECKING:
    from docker import DockerClient

OLDEST = 25  # the first engine that knows a healthcheck's start_interval
PATIENCE = 10  # seconds for an engine that accepts the call and says nothing
# Words in the SDK's message -> what that means, and what to do.
REASONS = {
    "PermissionError": (
        "This user may not speak to the Docker Engine.",
        "On Linux, `sudo usermod -aG docker $USER`, then log in again; whoever is in that group has the rights of root.",
    ),
    "Connection refused": (
        "There is an address for a Docker Engine, but none answers.",
        "Start Docker: open Docker Desktop, or type `sudo systemctl start docker` on Linux.",
    ),
    "FileNotFoundError": (
        "No Docker Engine was found.",
        "Install Docker, or start it: open Docker Desktop, or type `sudo systemctl start docker` on Linux.",
    ),
}


def require_engine() -> None:
    """Return when a Docker Engine of use for the lessons answers. Raises EngineError with what to do."""
    import docker
    from docker.errors import DockerException

    get_settings()  # has this process bypass a proxy for addresses of this machine
    try:
        client = docker.from_env(timeout=PATIENCE)
        version = client.version()["Version"]
        client.close()
    except (DockerException, OSError, KeyError) as error:  # OSError: what the SDK's HTTP library raises
        raise _unreachable(str(error), os.environ.get("DOCKER_HOST", "")) from error
    if not is_recent(version):
        raise EngineError(
            f"The Docker Engine has version {version}; the lessons need {OLDEST}.0 or newer.",
            "Update Docker; `docker version` shows under Server what runs.",
        )


def lab_engine() -> "DockerClient":
    """A client for the engine that runs the lab itself. In JupyterLab's container it may look, and restart the lab's services."""
    import docker
    from docker.errors import DockerException

    url = get_settings().lab_engine
    try:
        return docker.DockerClient(base_url=url, timeout=PATIENCE) if url else docker.from_env()
    except DockerException as error:
        raise _unreachable(str(error), url or os.environ.get("DOCKER_HOST", "")) from error


def is_recent(version: str) -> bool:
    """True for an engine that the lessons and the lab can use."""
    major = re.match(r"\d+", version)  # Debian writes 28.5.2+dfsg4, a build of one's own may write no number
    return not major or int(major[0]) >= OLDEST


def _unreachable(said: str, address: str) -> EngineError:
    tried = f"It was looked for at {address or 'the usual socket'}."
    for words, (what, hint) in REASONS.items():
        if words in said:
            return EngineError(f"{what} {tried}", _other_way(address) or hint)
    return EngineError(f"The Docker Engine cannot be used: {said}. {tried}", "See what `docker version` says, and look at DOCKER_HOST.")


def _other_way(address: str) -> str:
    """What helps where the reason alone would mislead."""
    if get_settings().lab_place == "compose" and address.startswith("tcp:"):
        return "It belongs to the lab's containers: type `lab up` in a terminal of your computer."
    return "" if address else _other_context()


def _other_context() -> str:
    """Docker Desktop listens at another address and tells only the `docker` command, by a context that the SDK does not read."""
    from docker.context import ContextAPI

    try:
        context = ContextAPI.get_current_context()
    except Exception:  # a configuration of the docker command that the SDK cannot read
        return ""
    if context is None or context.Name == "default" or not context.Host:
        return ""
    return f"The `docker` command uses {context.Host}: start Docker, and write DOCKER_HOST={context.Host} into the lab's environment."
