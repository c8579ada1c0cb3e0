"""Which place the lab runs in, and why."""

import shutil
from dataclasses import dataclass
from typing import cast, get_args

from lab.errors import ServiceError, SettingError
from lab.settings import Place, Settings
from lab.stack.services import OLLAMA, SERVICES, Service, is_embedded


@dataclass(frozen=True)
class Choice:
    """A place, the reason in one line, and whether the lab starts the Ollama server itself."""

    place: Place
    reason: str
    own_ollama: bool = True

    @property
    def services(self) -> tuple[Service, ...]:
        """The services that the lab starts in this place."""
        return tuple(service for service in SERVICES if self.own_ollama or service is not OLLAMA)


def wish(settings: Settings) -> Place | None:
    """The place that somebody set, or that a running lab chose; None when it is free to choose."""
    return settings.lab_place if "lab_place" in settings.model_fields_set else None


def choose(settings: Settings, wanted: Place | None) -> Choice:
    """The wanted place; without a wish native when there is an Ollama, else embedded. Raises ServiceError when it cannot be had.

    An embedded engine that answers already, as from a second copy of the lab, is used: two cannot share a port.
    """
    if wanted == "compose":
        what = "The place compose is not available yet."
        raise SettingError(what, "Use `lab up --place embedded`, or `--place native` with an Ollama server; both run the same notebooks.")
    answer = OLLAMA.answer(settings)
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
    return Choice("embedded", nothing)


def parse_place(text: str | None) -> Place | None:
    """What someone typed for --place. Raises SettingError for a word that is no place."""
    for place in get_args(Place):
        if text == place:
            return cast(Place, place)
    if text is None:
        return None
    raise SettingError(f"There is no place {text}.", f"Places are {', '.join(get_args(Place))}: `lab up --place embedded`.")
