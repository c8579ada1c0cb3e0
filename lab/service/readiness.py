"""Whether questions can be answered: asked anew at each call, so that it follows what happens to the other services."""

from collections.abc import Callable

import httpx

from lab.service.models import Check, Readiness
from lab.settings import Settings

PATIENCE = 2.0  # seconds for one service; both together stay below the healthcheck's limit
Probe = Callable[[Settings], Readiness]


def read_readiness(settings: Settings) -> Readiness:
    """Ask Chroma whether it lives, and the model server which models it has."""
    checks = {"chroma": _chroma(settings), **_ollama(settings)}
    ready = all(check == "ok" for check in checks.values())
    return Readiness(status="ready" if ready else "not ready", checks=checks)


def _chroma(settings: Settings) -> Check:
    return "ok" if _get(f"{settings.chroma_url}/api/v2/heartbeat") else "away"


def _ollama(settings: Settings) -> dict[str, Check]:
    models = {"chat_model": settings.chat_model, "embed_model": settings.embed_model}
    present = _models(settings)
    if present is None:
        return dict.fromkeys(("ollama", *models), "away")
    # the server lists a model with its tag, which a setting may leave out
    found: dict[str, Check] = {name: "ok" if {model, f"{model}:latest"} & present else "missing" for name, model in models.items()}
    return {"ollama": "ok", **found}


def _models(settings: Settings) -> set[str] | None:
    answer = _get(f"{settings.ollama_host}/api/tags")
    try:
        return {one["name"] for one in answer.json()["models"] or []} if answer else None
    except (ValueError, KeyError, TypeError):  # something else than Ollama answers there
        return None


def _get(url: str) -> httpx.Response | None:
    try:
        answer = httpx.get(url, timeout=PATIENCE, trust_env=False)  # no proxy: these are the lab's own services
    except httpx.HTTPError:
        return None
    return answer if answer.is_success else None
