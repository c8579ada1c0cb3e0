"""The models of the Ollama server that the lab uses, in whichever place it is."""

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


def full_name(model: str) -> str:
    """A model's name with its tag, as the server lists it."""
    return model if ":" in model.rpartition("/")[2] else f"{model}:latest"


def read_models(settings: Settings, timeout: float = 2.0) -> list[ModelState]:
    """What the server has; empty when it does not answer."""
    tags: Any = get_json(f"{settings.ollama_host}/api/tags", timeout) or {}
    running: Any = get_json(f"{settings.ollama_host}/api/ps", timeout) or {} if tags else {}
    loaded = {model["name"] for model in running.get("models") or []}
    return [
        ModelState(model["name"], model.get("size", 0), model.get("details", {}).get("family", ""), model["name"] in loaded)
        for model in tags.get("models") or []
    ]


def ensure_models(settings: Settings, view: View) -> None:
    """Pulls the chat and the embedding model when the server does not have them."""
    present = {model.name for model in read_models(settings)}
    for model in (settings.embed_model, settings.chat_model):
        if full_name(model) not in present:
            pull(settings, model, view)


def pull(settings: Settings, model: str, view: View) -> None:
    """Has the server fetch a model. Raises ModelError with what the server said."""
    subject = f"model {model}"
    view.show(subject, "fetching")
    try:
        for line in post_lines(f"{settings.ollama_host}/api/pull", {"model": model}, settings.request_timeout):
            if "error" in line:
                raise _not_pulled(settings, model, line["error"])
            if line.get("total"):
                view.show(subject, "fetching", line.get("completed", 0) / line["total"])
            if line.get("status") == "success":
                view.show(subject, "ready")
                return
    except BROKEN as error:
        raise _not_pulled(settings, model, str(error)) from error
    raise _not_pulled(settings, model, "the answer broke off")


def _not_pulled(settings: Settings, model: str, reason: str) -> ModelError:
    name = "EMBED_MODEL" if model == settings.embed_model else "CHAT_MODEL"
    have = ", ".join(sorted(present.name for present in read_models(settings))) or "none yet"
    what = f"The Ollama server at {settings.ollama_host} does not have the model {model} and could not fetch it: {reason.rstrip('.')}."
    return ModelError(what, f"Set {name} in .env to a model that it has ({have}) or can fetch, then run `lab up` again.")
