"""The models of the Ollama server that the lab uses, in whichever place it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lab.errors import ModelError
from lab.settings import Settings
from lab.stack.progress import View
from lab.stack.web import BROKEN, get_json, post_lines


@dataclass(frozen=True)
class ModelState:
    """One model of the server."""

    name: str
    size: int  # bytes on disk
    family: str
    loaded: bool
    capabilities: tuple[str, ...] = ()  # empty: the server does not tell

    def can(self, task: str) -> bool:
        """True when it can do the task, or when the server does not tell."""
        return task in self.capabilities or not self.capabilities


# The two models of the lab: the setting that names each, and what it must be able to do.
TASKS = {"EMBED_MODEL": "embedding", "CHAT_MODEL": "completion"}


def full_name(model: str) -> str:
    """A model's name with its tag, as the server lists it."""
    return model if ":" in model.rpartition("/")[2] else f"{model}:latest"


def read_models(settings: Settings, timeout: float = 2.0) -> list[ModelState]:
    """What the server has; empty when it does not answer."""
    tags: Any = get_json(f"{settings.ollama_host}/api/tags", timeout) or {}
    running: Any = get_json(f"{settings.ollama_host}/api/ps", timeout) or {} if tags else {}
    loaded = {model["name"] for model in running.get("models") or []}
    return [_state(model, model["name"] in loaded) for model in tags.get("models") or []]


def _state(model: dict[str, Any], loaded: bool) -> ModelState:
    family = model.get("details", {}).get("family", "")
    return ModelState(model["name"], model.get("size", 0), family, loaded, tuple(model.get("capabilities") or ()))


def ensure_models(settings: Settings, view: View) -> None:
    """Pulls the chat and the embedding model when the server does not have them. Raises ModelError, also for one of the wrong kind."""
    present = {model.name for model in read_models(settings)}
    for setting in TASKS:
        model = getattr(settings, setting.lower())
        if full_name(model) not in present:
            pull(settings, setting, view)
    for error in unfit_models(settings):
        raise error


def unfit_models(settings: Settings) -> Iterator[ModelError]:
    """One error for each setting that names a model of the server which cannot do that setting's task."""
    for state in read_models(settings):
        for setting, task in TASKS.items():
            if state.name == full_name(getattr(settings, setting.lower())) and not state.can(task):
                yield ModelError(f"{state.name} cannot be used as {setting}: it does no {task}.", _choose(settings, setting))


def pull(settings: Settings, setting: str, view: View) -> None:
    """Has the server fetch the model that a setting names. Raises ModelError with what the server said."""
    model = getattr(settings, setting.lower())
    subject = f"model {model}"
    view.show(subject, "fetching")
    try:
        for line in post_lines(f"{settings.ollama_host}/api/pull", {"model": model}, settings.request_timeout):
            if "error" in line:
                raise _not_pulled(settings, setting, line["error"])
            if line.get("total"):
                view.show(subject, "fetching", line.get("completed", 0) / line["total"])
            if line.get("status") == "success":
                view.show(subject, "ready")
                return
    except BROKEN as error:
        raise _not_pulled(settings, setting, str(error)) from error
    raise _not_pulled(settings, setting, "the answer broke off")


def _not_pulled(settings: Settings, setting: str, reason: str) -> ModelError:
    model = getattr(settings, setting.lower())
    what = f"The Ollama server at {settings.ollama_host} does not have the model {model} and could not fetch it: {reason.rstrip('.')}."
    return ModelError(what, _choose(settings, setting))


def _choose(settings: Settings, setting: str) -> str:
    fitting = sorted(state.name for state in read_models(settings) if state.can(TASKS[setting]))
    have = ", ".join(fitting) or "none yet"
    return f"Set {setting} in .env to a model that it has ({have}) or can fetch, then run `lab up` again."
