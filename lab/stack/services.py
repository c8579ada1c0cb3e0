"""The table of services: what each is called, where it answers, and how to see that it is ready.

The local starter uses it, and so do the commands that look at the same services in containers.
"""

import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psutil

from lab.addresses import bypass_proxy, ollama_url
from lab.errors import ServiceError
from lab.redis_server import environment as redis_environment
from lab.settings import Place, Settings
from lab.stack import answers, commands
from lab.stack.process import GRACE, listens
from lab.stack.web import get_json

Command = Callable[[Settings, Place], list[str]]
Ask = Callable[[Settings, float], dict[str, Any] | None]
# Settings that belong to one service alone, and those of the lab around them; an address is everybody's.
ALONE = (
    *("ollama_", "chroma_", "redis_", "jupyter_", "lab_", "docker_", "proxy_", "compose_", "download_", "start_"),
    *("exporter_", "prometheus_", "grafana_"),
)
ADDRESSES = ("ollama_host", "chroma_host", "chroma_port", "redis_url", "redis_port", "redis_password", "compose_profiles")


@dataclass(frozen=True)
class Service:
    """One service of the lab."""

    name: str  # what people type
    title: str  # what people read
    port_setting: str  # the variable that moves it to another port; empty: it has none
    address: str  # the attribute of the settings that holds its address; empty: it has none
    command: Command | None  # starts it as a process of this machine; None: it runs in containers only
    probe: str = ""  # the path that tells whether it runs ...
    ready: str = ""  # ... and the key that its JSON answer then has, with a true value
    ask: Ask | None = None  # how one asks what does not speak HTTP
    prepare: Callable[[Settings], None] | None = None  # what is done before each start
    finish: Callable[[Settings], float] | None = None  # seconds that it takes at most to finish what it has begun
    profile: str = ""  # it is started with this profile only
    reads: tuple[str, ...] = ()  # settings of other services that it needs too
    rag: bool = False  # it answers questions, so all settings about that are its own

    def url(self, settings: Settings) -> str:
        """Where it answers."""
        return str(getattr(settings, self.address)) if self.address else ""

    def port(self, settings: Settings) -> int | None:
        """The port it answers on, if it has one."""
        return (urlsplit(self.url(settings)).port or 80) if self.address else None

    def command_line(self, settings: Settings, place: Place) -> list[str]:
        """What starts it as a process of this machine. Raises ServiceError."""
        if self.command is None:
            raise ServiceError(f"{self.title} runs in the place compose only.", "Run `lab up --place compose`.")
        return self.command(settings, place)

    def serves(self, process: psutil.Process, settings: Settings) -> bool:
        """True when this process has its port; without a port, always."""
        port = self.port(settings)
        return port is None or listens(process, port)

    def own_port(self, settings: Settings) -> int:
        """The port of this machine that is kept for it."""
        return int(getattr(settings, self.port_setting.lower()))

    def wanted(self, settings: Settings) -> bool:
        """True unless it belongs to a profile that is off, or somebody's own server is used in its place."""
        return (not self.profile or self.profile in settings.profiles) and not (self.name == "redis" and settings.redis_url)

    def grace(self, settings: Settings) -> float:
        """Seconds between being told to stop and being killed: what it promises to finish, and what any process may need besides."""
        return GRACE + (self.finish(settings) if self.finish else 0)

    def own_settings(self, settings: Settings) -> dict[str, Any]:
        """The settings that its process is started with."""
        return {name: value for name, value in settings.model_dump().items() if self._reads(name)}

    def _reads(self, name: str) -> bool:
        shared = self.rag and (name in ADDRESSES or not name.startswith(ALONE))
        return (shared or name in self.reads or name.startswith(f"{self.name}_")) and not name.endswith("_image")

    def answer(self, settings: Settings, timeout: float = 1.0) -> dict[str, Any] | None:
        """What it answers when it runs as it should, else None."""
        if self.ask:
            return self.ask(settings, timeout)
        answer = get_json(self.url(settings) + self.probe, timeout)
        return answer if isinstance(answer, dict) and answer.get(self.ready) else None


OLLAMA = Service("ollama", "Ollama", "OLLAMA_PORT", "ollama_host", commands.ollama, "/api/version", "version")
CHROMA = Service("chroma", "Chroma", "CHROMA_PORT", "chroma_url", commands.chroma, "/api/v2/healthcheck", "is_executor_ready")
REDIS = Service(
    *("redis", "Redis", "REDIS_PORT", "redis_address", commands.redis),
    ask=answers.redis,
    prepare=answers.prepare_redis,
    profile="production",
)
API = Service("api", "RAG API", "API_PORT", "api_url", commands.api, "/health", "status", finish=answers.time_of_api, rag=True)
WORKER = Service(
    *("worker", "worker", "", "", commands.worker),
    ask=answers.worker,
    prepare=answers.prepare_worker,
    finish=answers.time_of_worker,
    profile="production",
    rag=True,
)
EXPORTER = Service(
    *("exporter", "exporter", "EXPORTER_PORT", "exporter_url", commands.exporter, "/health", "status"),
    profile="monitoring",
    reads=("ollama_host", "chroma_host", "chroma_port", "ollama_models", "lab_place"),
)
PROMETHEUS = Service(
    *("prometheus", "Prometheus", "PROMETHEUS_PORT", "prometheus_url", commands.prometheus, "/api/v1/status/buildinfo", "status"),
    prepare=answers.prepare_prometheus,
    profile="monitoring",
    reads=("api_url", "exporter_port", "worker_metrics_port", "compose_profiles"),
)
JUPYTER = Service("jupyter", "JupyterLab", "JUPYTER_PORT", "jupyter_url", commands.jupyter, "/api", "version")
PROXY = Service("proxy", "API proxy", "PROXY_PORT", "proxy_url", None, "/health", "status", profile="production")
GRAFANA = Service("grafana", "Grafana", "GRAFANA_PORT", "grafana_url", None, "/api/health", "database", profile="monitoring")
SERVICES: tuple[Service, ...] = (OLLAMA, CHROMA, REDIS, API, WORKER, EXPORTER, PROMETHEUS, JUPYTER)  # that the local starter starts
PUBLISHED = (OLLAMA, CHROMA, API, JUPYTER, PROXY, PROMETHEUS, GRAFANA)  # those that have a port of this machine in the place compose
# The settings that `lab up` decides about; it keeps them in the state folder for other terminals and for notebooks.
CHOICES = (
    *("lab_place", "compose_project_name", "compose_profiles", "chat_model"),
    *("ollama_host", "ollama_port", "chroma_host", "chroma_port", "api_port", "jupyter_port", "jupyter_token"),
    *("redis_port", "redis_password", "proxy_port"),
    *("prometheus_port", "exporter_port", "worker_metrics_port", "grafana_port", "grafana_password"),
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
    return redis_environment(env) if service is REDIS else env


def choices(settings: Settings) -> dict[str, Any]:
    """What `lab up` decided, as `lab.json` holds it. An address that follows from the port is left out: the port may change."""
    chosen = settings.model_dump(include=set(CHOICES))
    if chosen["ollama_host"] == ollama_url("", settings.ollama_port):
        del chosen["ollama_host"]
    return chosen


def fingerprint(service: Service, settings: Settings, place: Place) -> str:
    """Changes when a running process of the service no longer fits the settings."""
    parts = (service.command_line(settings, place), service.own_settings(settings))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
