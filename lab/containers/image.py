"""An image that a lesson starts from, fetched with progress when it is not there."""

from typing import TYPE_CHECKING, Any

from lab.errors import EngineError

if TYPE_CHECKING:
    from docker.models.images import Image


def need_image(name: str) -> "Image":
    """The image called `name`; pulled first when the engine does not have it. Example: `need_image("python:3.13-slim")`.

    Raises EngineError when it cannot be had.
    """
    import docker
    from docker.errors import APIError, ImageNotFound

    client = docker.from_env()
    try:
        return client.images.get(name)
    except ImageNotFound:
        pass
    repository, _, tag = name.rpartition(":")
    try:
        _show(name, client.api.pull(repository, tag, stream=True, decode=True))
        return client.images.get(name)
    except APIError as error:
        raise _missing(name, error.explanation) from error


def _show(name: str, steps: Any) -> None:
    """One bar for all layers: how many bytes are known to be needed, and how many are here."""
    from tqdm.auto import tqdm

    sizes: dict[str, int] = {}
    here: dict[str, int] = {}
    with tqdm(desc=name, unit="B", unit_scale=True) as bar:
        for step in steps:
            if "error" in step:
                raise _missing(name, step["error"])
            detail = step.get("progressDetail") or {}
            if step.get("status") == "Downloading" and detail.get("total"):
                sizes[step["id"]], here[step["id"]] = detail["total"], detail["current"]
                bar.total = sum(sizes.values())
                bar.update(max(0, sum(here.values()) - bar.n))


def _missing(name: str, said: str) -> EngineError:
    return EngineError(f"The image {name} is not here and cannot be pulled: {said}", f"See what `docker pull {name}` says.")
