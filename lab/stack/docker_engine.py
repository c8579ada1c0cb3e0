"""The Docker Engine that can run the lab: is it there, is it new enough, and may this user have it.

Asked through the `docker` program, because that is what starts the lab: it knows contexts, plugins and its own settings.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lab.addresses import THIS_MACHINE
from lab.containers import lab_engine
from lab.containers.engine import OLDEST, is_recent
from lab.errors import EngineError
from lab.settings import Settings

if TYPE_CHECKING:
    from docker import DockerClient

LEAST_COMPOSE = (2, 29)  # the first that tells its progress as JSON
PATIENCE = 15.0  # seconds for a program that only looks something up
PROXY = "docker-proxy"  # in JupyterLab's container the lab's engine answers at this name
OTHERWISE = "or use `lab up --place embedded`, which needs no Docker"


@dataclass(frozen=True)
class Engine:
    """An engine that can run the lab."""

    version: str
    compose: str
    context: str  # the name of the docker command's connection


def find_engine() -> Engine:
    """The engine that the docker command uses. Raises EngineError: none, too old, no permission, no Compose plugin."""
    if not shutil.which("docker"):
        raise EngineError("The program `docker` is not installed.", f"Install Docker Desktop, or Docker Engine with Compose, {OTHERWISE}.")
    done = ask("docker", "version", "--format", "{{json .}}")
    told = _json(done.stdout)
    client, server = told.get("Client") or {}, told.get("Server") or {}
    if done.returncode or not server:
        raise no_answer(done.stderr.strip(), client.get("Context", ""))
    _require_recent(server["Version"])
    return Engine(server["Version"], _compose_version(), client.get("Context", "default"))


def ask(*words: str) -> subprocess.CompletedProcess[str]:
    """Runs a program that answers at once. One that hangs, or cannot be started, has failed with that as its error."""
    try:
        return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, 1, "", f"`{' '.join(words[:2])}` said nothing for {PATIENCE:g} s")
    except OSError as error:
        return subprocess.CompletedProcess(words, 1, "", str(error))


def _json(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def no_answer(said: str, context: str) -> EngineError:
    """What the docker command said about an engine that it does not reach, in words that help."""
    last = said.splitlines()[-1] if said else "nothing"
    if "permission denied" in said:
        hint = "On Linux, `sudo usermod -aG docker $USER`, then log in again; whoever is in that group has the rights of root."
        return EngineError(f"This user may not speak to the Docker Engine: {last}.", hint)
    if not re.search(r"cannot connect|failed to connect|connection refused|no such file", said, re.IGNORECASE):
        return EngineError(f"The Docker Engine cannot be used: {last}.", f"See what `docker version` says, {OTHERWISE}.")
    if context.startswith("desktop") or ".docker/" in said or sys.platform == "darwin":
        return EngineError("Docker Desktop is installed and does not run.", f"Open Docker Desktop and wait until it is ready, {OTHERWISE}.")
    where = found[1] if (found := re.search(r"((?:unix|tcp|ssh)://[^\s;,]+?)\.?(?=[\s;,]|$)", said)) else "the usual socket"
    hint = f"Start it with `sudo systemctl start docker`, look at DOCKER_HOST and `docker context ls`, {OTHERWISE}."
    return EngineError(f"No Docker Engine answers at {where}.", hint)


def _require_recent(version: str) -> None:
    if not is_recent(version):
        what = f"The Docker Engine has version {version}; the lab needs {OLDEST}.0 or newer, for healthchecks that start quickly."
        raise EngineError(what, f"Update Docker, {OTHERWISE}.")


def _compose_version() -> str:
    done = ask("docker", "compose", "version", "--short")
    version = done.stdout.strip().removeprefix("v")
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if done.returncode or not version:
        hint = f"Install it (Debian and Ubuntu: the package docker-compose-plugin, docker-compose-v2 or docker-compose), {OTHERWISE}."
        raise EngineError("The docker command has no Compose plugin: `docker compose version` fails.", hint)
    if numbers and (int(numbers[1]), int(numbers[2])) < LEAST_COMPOSE:
        what = f"Docker Compose has version {version}; the lab needs {'.'.join(map(str, LEAST_COMPOSE))} or newer."
        raise EngineError(what, f"Update the Compose plugin, {OTHERWISE}.")
    return version


def connect(settings: Settings) -> "DockerClient":
    """A client for the engine that runs the lab. Raises EngineError.

    The SDK does not read the docker command's contexts; without DOCKER_HOST the address comes from there.
    """
    from docker.context import ContextAPI

    if not settings.lab_engine and not os.environ.get("DOCKER_HOST"):
        context = ContextAPI.get_current_context()
        if context is not None and context.Name != "default" and context.Host:
            os.environ["DOCKER_HOST"] = context.Host
    require_this_machine(settings.lab_engine or os.environ.get("DOCKER_HOST", ""))
    return lab_engine()


def require_this_machine(address: str) -> None:
    """Raises EngineError for an engine elsewhere: it cannot mount the notebooks, and its ports open there."""
    parts = urlsplit(address)
    if parts.scheme in ("tcp", "ssh", "http", "https") and parts.hostname not in (*THIS_MACHINE, PROXY):
        what = f"The Docker Engine at {address} is another machine: it does not see the notebooks, and its ports open there."
        raise EngineError(
            what, f"Run `lab up` on that machine, or choose this one's with DOCKER_HOST or `docker context use default`, {OTHERWISE}."
        )
