"""The images that the place compose begins with: are they here, and if not, can the engine fetch them."""

from typing import TYPE_CHECKING

from lab.errors import EngineError
from lab.settings import Settings

if TYPE_CHECKING:
    from docker import DockerClient

SOON = 3  # seconds for a registry to tell whether it has an image
IMAGES = (
    "ollama_image",
    "chroma_image",
    "python_image",
    "debian_image",
    "sandbox_image",
    "handover_image",
    "redis_image",
    "prometheus_image",
    "grafana_image",
)

PROFILES = {"redis_image": "production", "prometheus_image": "monitoring", "grafana_image": "monitoring"}  # needed with these only


def missing(client: "DockerClient", settings: Settings) -> dict[str, str]:
    """Setting and image, for those that the engine does not have."""
    from docker.errors import ImageNotFound

    found = {}
    for name in (name for name in IMAGES if name not in PROFILES or PROFILES[name] in settings.profiles):
        image = getattr(settings, name)
        try:
            client.images.get(image)
        except ImageNotFound:
            found[name.upper()] = image
    return found


def require_images(client: "DockerClient", settings: Settings) -> None:
    """Returns when all are here or a registry answers. Raises EngineError with what is missing and what the engine says.

    The engine itself is asked, because its proxy, mirrors and certificates decide, not those of this process.
    """
    absent = missing(client, settings)
    if not absent:
        return
    setting, image = next(iter(absent.items()))
    problem = _registry_problem(client, image)
    if problem:
        what = f"Docker does not have the image {image}{_others(absent)}, and no registry gives it: {problem}."
        hint = f"Connect to the network, log in with `docker login`, or set {setting} in .env to an image that can be had."
        raise EngineError(what, hint)


def _others(absent: dict[str, str]) -> str:
    more = len(absent) - 1
    return f" ({more} more {'is' if more == 1 else 'are'} missing)" if more else ""


def _registry_problem(client: "DockerClient", image: str) -> str:
    from docker.errors import APIError

    patience = client.api.timeout
    client.api.timeout = SOON
    try:
        client.images.get_registry_data(image)
    except APIError as error:
        return str(error.explanation or error).strip().rstrip(".")
    except OSError:  # what the SDK's HTTP library raises when the engine still waits
        return f"nothing came within {SOON} s"
    finally:
        client.api.timeout = patience
    return ""
