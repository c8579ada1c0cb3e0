"""What runs in the place compose: read from the containers where the engine can be asked, else from the services themselves."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from lab.errors import EngineError
from lab.settings import Settings
from lab.stack.compose_progress import TITLES
from lab.stack.models import read_models
from lab.stack.place import in_container
from lab.stack.project import ONE_SHOTS, PROJECT, failed, health, is_apart, read_containers
from lab.stack.services import EXPORTER, JUPYTER, OLLAMA, PUBLISHED, REDIS, WORKER, Service, is_embedded
from lab.stack.status import Condition, ServiceState, Status, without_process

if TYPE_CHECKING:
    from docker.models.containers import Container

NEVER = "0001-01-01"  # how the engine writes the time of something that has not happened
AGAIN = "`lab up` starts it again"


def read_compose(settings: Settings, reason: str) -> Status:
    """The state of each service, and of each further container that should run or has failed."""
    try:
        asked = bool(settings.lab_engine) or not in_container(settings)
        parts = read_containers(settings) if asked else None
    except EngineError as error:
        parts, reason = None, error.what.rstrip(".")
    shown = [service for service in PUBLISHED if service.wanted(settings) or service.name in (parts or ())]
    if parts is None:
        services = [_probed(service, settings, reason) for service in shown]
    else:
        services = [_of_table(service, settings, parts) for service in shown]
        services += [
            _missing(service, settings) for service in (REDIS, WORKER, EXPORTER) if service.wanted(settings) and service.name not in parts
        ]
        services += [_other(name, parts) for name in parts if _counts(name, parts)]
    models = read_models(settings) if services[0].state == "running" else []
    return Status("compose", reason or f"containers of the Compose project {_project(settings, parts)}", services, models)


def _project(settings: Settings, parts: "dict[str, Container] | None") -> str:
    """As the containers have it: JupyterLab's own does not know under which name the lab was started."""
    return next((part.labels[PROJECT] for part in (parts or {}).values() if PROJECT in part.labels), settings.compose_project_name)


def _counts(name: str, parts: "dict[str, Container]") -> bool:
    """A one-shot is worth a line only when it failed."""
    in_table = any(service.name == name for service in PUBLISHED)
    return not in_table and (name not in ONE_SHOTS or failed(parts[name]))


def _probed(service: Service, settings: Settings, reason: str) -> ServiceState:
    if service is JUPYTER and in_container(settings):  # outside it has another port; and it is where this runs
        return ServiceState(service.name, service.title, "running", service.url(settings))
    answer = service.answer(settings)
    detail = _kind(service, answer) if answer else f"it does not answer; {reason}" if reason else "it does not answer"
    return ServiceState(service.name, service.title, "running" if answer else "unhealthy", service.url(settings), detail=detail)


def _of_table(service: Service, settings: Settings, parts: "dict[str, Container]") -> ServiceState:
    container = parts.get(service.name)
    answer = service.answer(settings) if service is OLLAMA else None
    if container is None:
        own = bool(answer and parts)  # a Mac's own Ollama, which the containers use
        if own:
            detail = "your own server; this lab neither started it nor stops it"
            return ServiceState(service.name, service.title, "running", service.url(settings), detail=detail)
        port = None if in_container(settings) else service.own_port(settings)  # ports of the machine cannot be seen from inside
        condition, detail = without_process(service, port)
        return ServiceState(service.name, service.title, condition, service.url(settings), detail=detail)
    condition, detail = judge(container)
    if condition == "running":
        detail = _kind(service, answer)
    return ServiceState(service.name, service.title, condition, service.url(settings), since(container), detail)


def _missing(service: Service, settings: Settings) -> ServiceState:
    return ServiceState(service.name, service.title, "stopped", "", detail="`lab up` starts it")


def _kind(service: Service, answer: dict[str, Any] | None) -> str:
    return "embedded engine" if service is OLLAMA and answer and is_embedded(answer) else ""


def _other(name: str, parts: "dict[str, Container]") -> ServiceState:
    condition, detail = judge(parts[name])
    if name == "sandbox" and is_apart(parts):
        condition, detail = "unhealthy", "JupyterLab was started after it and has another network now; `lab up` joins them"
    return ServiceState(name, TITLES.get(name, name), condition, "", since(parts[name]), detail)


def judge(container: "Container") -> tuple[Condition, str]:
    """A container's state in the lab's words, and what to do."""
    state, logs = container.attrs["State"], f"`lab logs {container.labels['com.docker.compose.service']}` tells more"
    match container.status:
        case "running" if health(container) == "unhealthy":
            return "unhealthy", f"its healthcheck fails; {logs}, `lab up` makes it anew"
        case "running":
            return ("starting", "its healthcheck has not passed yet") if health(container) == "starting" else ("running", "")
        case "restarting":
            return "died", f"it ends with code {state['ExitCode']} and Docker starts it again and again; {logs}"
        case "paused":
            return "unhealthy", f"it is paused; `docker unpause {container.name}` lets it go on"
        case "created":
            return "stopped", f"it was made and not started; {AGAIN}"
    if state.get("OOMKilled"):
        return "died", f"the system ended it for lack of memory; {AGAIN}"
    if failed(container):
        return "died", f"it ended with code {state['ExitCode']}; {logs}, {AGAIN}"
    return "stopped", AGAIN


def since(container: "Container") -> str:
    """When it was started, in ISO form; empty when it does not run."""
    started = str(container.attrs["State"].get("StartedAt", NEVER))
    if container.status != "running" or started.startswith(NEVER):
        return ""
    return datetime.fromisoformat(started[:19] + "+00:00").isoformat()
