"""Which place the lab runs in, and why."""

import shutil
import sys
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast, get_args

from lab.addresses import THIS_MACHINE
from lab.errors import EngineError, LabError, ServiceError, SettingError
from lab.settings import Place, Settings
from lab.stack.ports import is_free
from lab.stack.services import OLLAMA, PUBLISHED, SERVICES, Service, is_embedded

PROFILES = ("production", "monitoring")  # the further parts of the lab that can be switched on


@dataclass(frozen=True)
class Choice:
    """A place, the reason in one line, and whether the lab starts the Ollama server itself."""

    place: Place
    reason: str
    own_ollama: bool = True

    def services(self, settings: Settings) -> tuple[Service, ...]:
        """The services that the lab starts in this place."""
        return tuple(one for one in SERVICES if one.wanted(settings) and (self.own_ollama or one is not OLLAMA))


def wish(settings: Settings) -> Place | None:
    """The place that somebody set, or that a running lab chose; None when it is free to choose."""
    return settings.lab_place if "lab_place" in settings.model_fields_set else None


def in_container(settings: Settings) -> bool:
    """True inside the lab's own containers, where the other services have names of their own."""
    return settings.lab_place == "compose" and settings.chroma_host not in THIS_MACHINE


def in_containers(settings: Settings, started: Place | None) -> bool:
    """True for a lab in the place compose. One that `docker compose up` started has left no record: then the engine is asked."""
    place = started or wish(settings)
    if place or not shutil.which("docker") or all(is_free(service.own_port(settings)) for service in PUBLISHED if service.wanted(settings)):
        return place == "compose"
    from lab.stack.compose_lab import any_runs

    return any_runs(settings, of_this_folder=True)


def choose(settings: Settings, wanted: Place | None) -> Choice:
    """The wanted place; without a wish the first that can be had of compose, native and embedded. Raises LabError when it cannot be had.

    A server that answers already is used, also an embedded engine, as from a second copy of the lab: two cannot share a port.
    """
    if wanted == "compose":
        return Choice("compose", require_compose(settings))
    answer = OLLAMA.answer(settings)
    why_not = ""
    if wanted is None:
        try:
            return Choice("compose", require_compose(settings, taken=bool(answer) and not _usable_on_a_mac(answer or {})))
        except LabError as error:
            why_not = error.what.rstrip(".")
    return _without_docker(settings, wanted, answer, why_not)


def _usable_on_a_mac(answer: dict[str, Any]) -> bool:
    """There containers have no GPU, and reach the machine's own Ollama, which has."""
    return sys.platform == "darwin" and not is_embedded(answer)


def _without_docker(settings: Settings, wanted: Place | None, answer: dict[str, Any] | None, why_not: str) -> Choice:
    if answer and is_embedded(answer) and wanted != "native":
        return Choice(
            "embedded", f"an embedded engine answers already at {settings.ollama_host}; this lab does not stop it", own_ollama=False
        )
    if wanted == "embedded":
        return Choice("embedded", "you chose it with --place or LAB_PLACE")
    if answer:
        return Choice("native", f"an Ollama server answers at {settings.ollama_host}", own_ollama=False)
    if shutil.which("ollama"):
        return Choice("native", "the program `ollama` is installed")
    nothing = f"no Ollama server answers at {settings.ollama_host}, and the program `ollama` is not installed"
    if wanted == "native":
        what = f"The place native needs an Ollama server: {nothing}."
        raise ServiceError(what, "Start one with `ollama serve`, set OLLAMA_HOST in .env to its address, or use `lab up --place embedded`.")
    return Choice("embedded", f"{why_not}; {nothing}")


def require_compose(settings: Settings, taken: bool = False) -> str:
    """Why the lab can run in containers. Raises LabError when it cannot; `taken` says that a server has the port of its Ollama."""
    from lab.stack.docker_engine import connect, find_engine
    from lab.stack.images import require_images
    from lab.stack.project import containers, runs

    engine = find_engine()
    client = connect(settings)
    try:
        if taken and not any(runs(container) for container in containers(client, settings).values()):
            raise EngineError(f"A server answers at {settings.ollama_host} already.", "Set another OLLAMA_PORT in .env.")
        require_images(client, settings)
    finally:
        client.close()
    return f"Docker Engine {engine.version} answers"


def parse_place(text: str | None) -> Place | None:
    """What someone typed for --place. Raises SettingError for a word that is no place."""
    for place in get_args(Place):
        if text == place:
            return cast(Place, place)
    if text is None:
        return None
    raise SettingError(f"There is no place {text}.", f"Places are {', '.join(get_args(Place))}: `lab up --place embedded`.")


def parse_profiles(names: Collection[str] | None) -> Collection[str]:
    """What someone typed for --profile. Raises SettingError for a word that is no profile."""
    for name in names or ():
        if name not in PROFILES:
            raise SettingError(f"There is no profile {name}.", f"Profiles are {', '.join(PROFILES)}: `lab up --profile {PROFILES[0]}`.")
    return names or ()
