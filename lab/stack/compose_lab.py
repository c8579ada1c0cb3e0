"""Starts and stops the lab in the place compose. `docker compose up --wait` alone does it too; this adds choices, progress and errors."""

import os
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.errors import EngineError
from lab.settings import CHAT_MODELS, ROOT, Settings
from lab.stack import gpu
from lab.stack.compose import Compose
from lab.stack.compose_checks import require_port, require_room
from lab.stack.compose_errors import explain
from lab.stack.compose_progress import TITLES, Watch
from lab.stack.docker_engine import connect
from lab.stack.images import missing
from lab.stack.progress import Silent, View
from lab.stack.project import SERVICE, containers, failed, is_apart, project_filter, runs
from lab.stack.services import OLLAMA, PUBLISHED, is_embedded

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

    Parts = dict[str, Container]

FOLDER = "com.docker.compose.project.working_dir"
STAND_IN = "slipway.stand-in"  # the label of images that ci/stand-ins.sh builds where no registry is
HOST_OLLAMA = "compose.host-ollama.yaml"
GPU = "compose.gpu.yaml"
SCALE = "compose.scale.yaml"
NOTEBOOKS = ROOT / "notebooks"


@dataclass(frozen=True)
class Overrides:
    """The Compose files that are added to the main one, and what `lab up` says about that."""

    files: tuple[str, ...]
    words: str


def up(settings: Settings, view: View) -> str:
    """Builds, starts and waits until all are healthy; returns what was chosen, in words. Raises LabError.

    Interrupted or failed, what runs keeps running, and the next call goes on from there.
    """
    client = connect(settings)
    try:
        parts = containers(client, settings)
        chosen = overrides(client, settings, parts, view)
        for service in (one for one in PUBLISHED if one.wanted(settings)):
            if service is not OLLAMA or HOST_OLLAMA not in chosen.files:
                require_port(client, settings, service, parts.values())  # with several APIs, the proxy has the port of the API
        require_room(client, settings)
        stop_failing(parts, view)
        own = own_variables(client, settings)
        give(NOTEBOOKS, own)
        files = chosen.files + ((SCALE,) if "production" in settings.profiles else ())
        _start(client, Compose(own, files), scales(parts), view)
        return chosen.words
    finally:
        client.close()


def scales(parts: "Parts") -> list[str]:
    """What keeps the number of containers of each scaled service; without it, Compose would go back to one of each."""
    counted = Counter(container.labels[SERVICE] for container in parts.values())
    return [word for name, count in sorted(counted.items()) if count > 1 for word in ("--scale", f"{name}={count}")]


def _start(client: "DockerClient", compose: Compose, scaled: list[str], view: View) -> None:
    watch = Watch(compose.settings, view)
    patience = int(compose.settings.start_timeout + compose.settings.download_timeout)
    words = ("up", "--detach", "--build", "--remove-orphans", "--wait", "--wait-timeout", str(patience), *scaled)
    if watch.take(compose.events(*words)):
        raise explain(watch, containers(client, compose.settings))


def overrides(client: "DockerClient", settings: Settings, parts: "Parts", view: View) -> Overrides:
    """A Mac's own Ollama, which has the GPU there; else the GPU where Docker can give it. Nothing has to be edited."""
    if sys.platform == "darwin" and "ollama" not in parts and settings.lab_gpu != "off" and (answer := OLLAMA.answer(settings)):
        if not is_embedded(answer):
            return Overrides((HOST_OLLAMA,), f"your own Ollama at {settings.ollama_host} is used, on the Mac's GPU")
    if settings.lab_gpu != "off" and "OLLAMA_IMAGE" in missing(client, settings):  # the trial needs it, and so does the lab
        _fetch_ollama(client, settings, view)
    found = gpu.decide(client, settings, parts.get("ollama"))
    return Overrides((GPU,) if found.used else (), f"Ollama computes on {found.words}")


def _fetch_ollama(client: "DockerClient", settings: Settings, view: View) -> None:
    watch = Watch(settings, view)
    if watch.take(Compose(settings).events("pull", "ollama")):
        raise explain(watch, {})


def with_chat_model(settings: Settings) -> Settings:
    """The settings, with the small chat model when nobody set one and Ollama's image is a stand-in, which has no larger one to give."""
    from docker.errors import ImageNotFound

    client = connect(settings)
    try:
        labels = client.images.get(settings.ollama_image).labels or {}
    except ImageNotFound:
        return settings
    finally:
        client.close()
    small = STAND_IN in labels and settings.chat_model == CHAT_MODELS["compose"] and "CHAT_MODEL" not in os.environ
    return settings.model_copy(update={"chat_model": CHAT_MODELS["embedded"]}) if small else settings


def own_variables(client: "DockerClient", settings: Settings) -> Settings:
    """The settings with this machine's user and socket, where nobody set them: whoever owns the notebooks can then save them."""
    info, owner = client.info(), NOTEBOOKS.stat()
    is_desktop = "Desktop" in str(info.get("OperatingSystem"))
    own: dict[str, Any] = {}
    if any("rootless" in option for option in info.get("SecurityOptions") or []):
        own = {"lab_uid": 0, "lab_gid": 0}  # there root of a container is the user who runs Docker
    elif owner.st_uid and not is_desktop:  # Docker Desktop lets any user write
        own = {"lab_uid": owner.st_uid, "lab_gid": owner.st_gid}
    socket = os.environ.get("DOCKER_HOST", "").removeprefix("unix://")
    if socket.startswith("/") and not is_desktop and sys.platform != "darwin":  # in a virtual machine the socket is at its usual place
        own["docker_socket"] = socket
    return settings.model_copy(update={name: value for name, value in own.items() if name not in settings.model_fields_set})


def give(folder: Path, settings: Settings) -> None:
    """Gives what root has in a folder to the user of JupyterLab's container, who is not root and shall be able to save there."""
    if os.getuid() or not settings.lab_uid:
        return
    for path in (folder, *folder.rglob("*")):
        if path.stat().st_uid == 0:
            os.chown(path, settings.lab_uid, settings.lab_gid)


def stop_failing(parts: "Parts", view: View) -> None:
    """Stops what Compose would leave as it is, and then call a failure: it starts it anew, with what needs it after it.

    That is what crashes again and again, what runs and is unhealthy, and a sandbox in a network that JupyterLab has left.
    """
    for name, container in parts.items():
        crashes = container.status == "restarting"
        if crashes or (runs(container) and failed(container)) or (name == "sandbox" and is_apart(parts)):
            view.show(TITLES.get(name, name), "stopping")
            container.stop()


def down(settings: Settings) -> tuple[list[str], list[str]]:
    """Removes containers and networks. Returns the services that ran, and the volumes, which stay. Raises LabError."""
    client = connect(settings)
    try:
        names = [TITLES.get(name, name) for name, container in containers(client, settings).items() if runs(container)]
        watch = Watch(settings, Silent())
        if watch.take(Compose(settings).events("--profile", "*", "down", "--remove-orphans")):
            raise explain(watch, {})
        kept = sorted(str(volume.name) for volume in client.volumes.list(filters=project_filter(settings)))
        return names, kept
    finally:
        client.close()


def any_runs(settings: Settings, of_this_folder: bool = False) -> bool:
    """True when a container of the lab runs, if asked for made from this folder; False also when no engine answers."""
    try:
        client = connect(settings)
        try:
            running = [container for container in containers(client, settings).values() if runs(container)]
        finally:
            client.close()
    except EngineError:
        return False
    return any(not of_this_folder or container.labels.get(FOLDER) == str(ROOT) for container in running)
