"""Whether questions can be answered: asked anew at each call, so that it follows what happens to the other services."""

import asyncio
from collections.abc import Callable

import httpx

from lab.observe.metrics import Metrics
from lab.redis_client import answers
from lab.service.gate import Gate
from lab.service.models import Check, Readiness
from lab.settings import Settings

PATIENCE = 2.0  # seconds for one service; all together stay below the healthcheck's limit
Probe = Callable[[Settings], Readiness]


class Look:
    """Asks the other services, for all who want to know at the same time together: many callers are no load for them."""

    def __init__(self, settings: Settings, probe: Probe, gate: Gate, metrics: Metrics):
        self._settings, self._probe, self._gate, self._metrics = settings, probe, gate, metrics
        self._running: asyncio.Task[Readiness] | None = None

    async def now(self) -> Readiness:
        """What they say. An API that is about to stop is not ready, so that load balancers send nothing more."""
        if self._gate.stopping:
            return Readiness(status="not ready", checks={"api": "stopping"})
        if not self._running or self._running.done():
            self._running = asyncio.create_task(self._ask())
        return await asyncio.shield(self._running)  # one caller that goes away takes it from nobody else

    async def _ask(self) -> Readiness:
        readiness = await asyncio.to_thread(self._probe, self._settings)
        for name, check in readiness.checks.items():
            self._metrics.dependency.labels(name).set(check == "ok")
        return readiness


def read_readiness(settings: Settings) -> Readiness:
    """Ask Chroma and Redis whether they live, and the model server which models it has."""
    checks = {"chroma": _chroma(settings), **_ollama(settings)}
    if settings.has_redis:
        checks["redis"] = _redis(settings)
    ready = all(check == "ok" for check in checks.values())
    return Readiness(status="ready" if ready else "not ready", checks=checks)


def _chroma(settings: Settings) -> Check:
    return "ok" if _get(f"{settings.chroma_url}/api/v2/heartbeat") else "away"


def _redis(settings: Settings) -> Check:
    return "ok" if answers(settings.redis_for("broker"), PATIENCE) else "away"


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
