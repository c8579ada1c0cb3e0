"""Models: which ones there are, by name and digest. Their gigabytes are fetched again at their source."""

from collections.abc import Callable
from typing import Any

from lab.errors import LabError
from lab.rag.connections import ollama_client, ollama_errors
from lab.settings import Settings

Show = Callable[[str, int, int], None]


def list_models(settings: Settings) -> list[dict[str, Any]]:
    """Name, digest and bytes of each model that the model server has."""
    with ollama_errors(settings, ""):
        found = ollama_client(settings).list().models
    return [{"name": one.model, "digest": one.digest, "bytes": one.size} for one in found]


def fetch_models(settings: Settings, wanted: list[dict[str, Any]], show: Show) -> list[str]:
    """Pull the models that are missing, and return a sentence for each that could not be had or is another one now."""
    notes = []
    have = {one["name"]: one["digest"] for one in list_models(settings)}
    for model in wanted:
        name = model["name"]
        if name not in have:
            note = _pull(settings, name, show)
            notes += [note] if note else []
    now = {one["name"]: one["digest"] for one in list_models(settings)}
    other = [one["name"] for one in wanted if one["name"] in now and now[one["name"]] != one["digest"]]
    return notes + [
        f"{name} is another version now than in the backup; `lab ingest` tells whether its vectors still fit." for name in other
    ]


def _pull(settings: Settings, name: str, show: Show) -> str:
    import ollama

    try:
        with ollama_errors(settings, name):
            for step in ollama_client(settings).pull(name, stream=True):
                show(name, step.completed or 0, step.total or 0)
    except LabError as error:
        if not isinstance(error.__cause__, ollama.ResponseError):  # the server is away, for all models alike
            raise
        return f"{name} could not be fetched ({error.__cause__.error}). A model of your own has to be made again from its Modelfile."
    return ""
