"""What runs, where, since when: read from the processes and from the services themselves, never from memory."""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from lab.settings import Settings
from lab.stack.models import ModelState, read_models
from lab.stack.ports import describe, is_free, owner
from lab.stack.process import Record, find, listens
from lab.stack.services import OLLAMA, SERVICES, Service
from lab.stack.state import read_state

Condition = Literal["running", "starting", "stopped", "died", "foreign", "unhealthy"]
SYMBOLS: dict[Condition, str] = {"running": "●", "starting": "◔", "stopped": "○", "died": "✗", "foreign": "!", "unhealthy": "!"}


@dataclass(frozen=True)
class ServiceState:
    """One service as it is now."""

    name: str
    title: str
    state: Condition
    url: str
    since: str = ""  # when the lab started it, in ISO form
    detail: str = ""  # what is wrong and what to do


@dataclass(frozen=True)
class Status:
    """The lab as it is now."""

    place: str
    reason: str
    services: list[ServiceState]
    models: list[ModelState] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        """True when every service runs."""
        return all(service.state == "running" for service in self.services)

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def read_status(settings: Settings) -> Status:
    """Asks the processes and the services; takes at most about a second for each service that hangs."""
    state = read_state(settings.lab_home)
    place = state.settings.get("lab_place", settings.lab_place)
    reason = state.reason or "not running; `lab up` starts the lab"
    services = [_service(service, settings, state.services.get(service.name), place) for service in SERVICES]
    models = read_models(settings) if services[0].state == "running" else []
    return Status(place, reason, services, models)


def _service(service: Service, settings: Settings, record: Record | None, place: str) -> ServiceState:
    condition, detail = _condition(service, settings, record, place)
    since = datetime.fromtimestamp(record.started_at, UTC).isoformat(timespec="seconds") if record and condition != "died" else ""
    return ServiceState(service.name, service.title, condition, service.url(settings), since, detail)


def _condition(service: Service, settings: Settings, record: Record | None, place: str) -> tuple[Condition, str]:
    if record is None:
        return _without_record(service, settings, place)
    process = find(record)
    if process is None:
        return "died", f"it ended by itself or was killed; `lab logs {service.name}` tells more, `lab up` starts it again"
    if not listens(process, service.port(settings)):
        young = datetime.now(UTC).timestamp() - record.started_at < settings.start_timeout
        return ("starting", "it does not listen yet") if young else ("unhealthy", _mend("it runs but does not listen"))
    answer = service.answer(settings)
    return ("running", _kind(answer)) if answer else ("unhealthy", _mend("it runs but does not answer"))


def _kind(answer: dict[str, Any]) -> str:
    """The embedded engine names itself in its version: it is not Ollama, and does not say so."""
    return "embedded engine" if str(answer.get("version")).endswith("+lab") else ""


def _mend(problem: str) -> str:
    return f"{problem}; `lab up` starts it anew"


def _without_record(service: Service, settings: Settings, place: str) -> tuple[Condition, str]:
    if service is OLLAMA and place == "native":
        if service.answer(settings):
            return "running", "your own server; the lab neither started it nor stops it"
        return "stopped", "your own server does not answer; start it with `ollama serve`"
    port = service.port(settings)
    if not is_free(port):
        holder = describe(owner(port))
        return "foreign", f"port {port} is taken by {holder}; stop it or change {service.port_setting} in .env"
    return "stopped", "`lab up` starts it"
