"""The table of services: what each is called, where it answers, and how to see that it is ready.

The local starter uses it, and so do the commands that look at the same services in containers.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lab.addresses import bypass_proxy, ollama_url
from lab.errors import ServiceError
from lab.settings import ROOT, Place, Settings
from lab.stack.web import get_json

PYTHON = [sys.executable, "-P"]  # -P: a file in the current folder must not replace a library
# What the `chroma` command runs, without the client library that it imports first (six seconds on two cores, not used by a server).
CHROMA = "import sys, chromadb_rust_bindings; chromadb_rust_bindings.cli(['chroma', *sys.argv[1:]])"


def _ollama(settings: Settings, place: Place) -> list[str]:
    if place == "native":
        return [shutil.which("ollama") or "ollama", "serve"]
    return [*PYTHON, "-m", "lab.engine", "serve"]  # takes its address from OLLAMA_HOST, as Ollama does


def _chroma(settings: Settings, place: Place) -> list[str]:
    data = str(settings.lab_home / "chroma")
    return [*PYTHON, "-c", CHROMA, "run", "--path", data, "--host", "127.0.0.1", "--port", str(settings.chroma_port)]


def _jupyter(settings: Settings, place: Place) -> list[str]:
    config = ROOT / "jupyter" / "jupyter_server_config.py"
    return [*PYTHON, "-m", "jupyterlab", f"--config={config}", "--ip=127.0.0.1", f"--port={settings.jupyter_port}"]


def _in_containers_only(settings: Settings, place: Place) -> list[str]:
    raise ServiceError("The RAG API runs in the place compose only.", "Run `lab up --place compose`.")


@dataclass(frozen=True)
class Service:
    """One service of the lab."""

    name: str  # what people type
    title: str  # what people read
    port_setting: str  # the variable that moves it to another port
    address: str  # the attribute of the settings that holds its address
    probe: str  # the path that tells whether it is ready ...
    ready: str  # ... and the key that its JSON answer then has, with a true value
    command: Callable[[Settings, Place], list[str]] = _in_containers_only  # starts it as a process of this machine

    def url(self, settings: Settings) -> str:
        """Where it answers."""
        return str(getattr(settings, self.address))

    def port(self, settings: Settings) -> int:
        """The port it answers on."""
        return urlsplit(self.url(settings)).port or 80

    def own_port(self, settings: Settings) -> int:
        """The port of this machine that is kept for it."""
        return int(getattr(settings, self.port_setting.lower()))

    def own_settings(self, settings: Settings) -> dict[str, Any]:
        """The settings that its process is started with: their names begin with its own."""
        known = settings.model_dump().items()
        return {name: value for name, value in known if name.startswith(f"{self.name}_") and not name.endswith("_image")}

    def answer(self, settings: Settings, timeout: float = 1.0) -> dict[str, Any] | None:
        """What its probe answers when it is ready, else None."""
        answer = get_json(self.url(settings) + self.probe, timeout)
        return answer if isinstance(answer, dict) and answer.get(self.ready) else None


OLLAMA = Service("ollama", "Ollama", "OLLAMA_PORT", "ollama_host", "/api/version", "version", _ollama)
CHROMA_SERVER = Service("chroma", "Chroma", "CHROMA_PORT", "chroma_url", "/api/v2/healthcheck", "is_executor_ready", _chroma)
API = Service("api", "RAG API", "API_PORT", "api_url", "/ready", "status")
JUPYTER = Service("jupyter", "JupyterLab", "JUPYTER_PORT", "jupyter_url", "/api", "version", _jupyter)
TABLE: tuple[Service, ...] = (OLLAMA, CHROMA_SERVER, API, JUPYTER)
SERVICES = tuple(service for service in TABLE if service.command is not _in_containers_only)  # those that the local starter starts
# The settings that `lab up` decides about; it keeps them in the state folder for other terminals and for notebooks.
CHOICES = (
    *("lab_place", "compose_project_name", "chat_model"),
    *("ollama_host", "ollama_port", "chroma_host", "chroma_port", "api_port", "jupyter_port", "jupyter_token"),
)
NAMES = tuple(service.name for service in SERVICES)


def is_embedded(answer: dict[str, Any]) -> bool:
    """True for the answer of an embedded engine: it is not Ollama, and its version does not say so."""
    return str(answer.get("version")).endswith("+lab")


def environment(service: Service, settings: Settings, place: Place) -> dict[str, str]:
    """Environment of a service's process: its own settings, the marks by which the lab knows it, quiet telemetry, and no proxy.

    Notebooks find the other settings through LAB_HOME: fixed here, a change in .env would not reach them.
    """
    env = {**os.environ, "LAB_HOME": str(settings.lab_home), "LAB_SERVICE": service.name}
    env.update({name.upper(): str(value) for name, value in service.own_settings(settings).items() if str(value)})
    bypass_proxy(env)
    env.update(ANONYMIZED_TELEMETRY="False", PYTHONUNBUFFERED="1")
    env.pop("CHROMA_PERSIST_PATH", None)  # it would win over --path
    env["PATH"] = f"{sys.prefix}/bin:{env.get('PATH', '')}"  # a terminal in JupyterLab finds the `lab` command
    if place == "embedded":
        env["OLLAMA_MODELS"] = str(settings.models_folder)
    return env


def choices(settings: Settings) -> dict[str, Any]:
    """What `lab up` decided, as `lab.json` holds it. An address that follows from the port is left out: the port may change."""
    chosen = settings.model_dump(include=set(CHOICES))
    if chosen["ollama_host"] == ollama_url("", settings.ollama_port):
        del chosen["ollama_host"]
    return chosen


def fingerprint(service: Service, settings: Settings, place: Place) -> str:
    """Changes when a running process of the service no longer fits the settings."""
    parts = (service.command(settings, place), service.own_settings(settings))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
