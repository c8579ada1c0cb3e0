"""What runs, where, since when: read from the processes and from the services themselves, never from memory."""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from lab.settings import Place, Settings
from lab.stack.models import ModelState, read_models
from lab.stack.place import in_containers, wish
from lab.stack.ports import describe, is_free, owner
from lab.stack.process import Record, find
from lab.stack.services import OLLAMA, SERVICES, Service, is_embedded
from lab.stack.state import read_state

Condition = Literal["running", "starting", "stopped", "died", "port taken", "unhealthy"]
SYMBOLS: dict[Condition, str] = {"running": "●", "starting": "◔", "stopped": "○", "died": "✗", "port taken": "!", "unhealthy": "!"}


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
    started = state.settings.get("lab_place")
    if in_containers(settings, started):
        from lab.stack.compose_status import read_compose  # the Docker SDK takes a third of a second to import

        return read_compose(settings, state.reason)
    reason = state.reason or "not running; `lab up` starts the lab"
    shown = [service for service in SERVICES if service.wanted(settings) or service.name in state.services]
    services = [_service(service, settings, state.services.get(service.name), started) for service in shown]
    models = read_models(settings) if services[0].state == "running" else []
    return Status(started or wish(settings) or state.place or settings.lab_place, reason, services, models)


def _service(service: Service, settings: Settings, record: Record | None, started: Place | None) -> ServiceState:
    condition, detail = _recorded(service, settings, record) if record else _without_record(service, settings, started)
    since = datetime.fromtimestamp(record.started_at, UTC).isoformat(timespec="seconds") if record and condition != "died" else ""
    return ServiceState(service.name, service.title, condition, service.url(settings), since, detail)


def _recorded(service: Service, settings: Settings, record: Record) -> tuple[Condition, str]:
    process = find(record)
    if process is None:
        return "died", f"it ended by itself or was killed; `lab logs {service.name}` tells more, `lab up` starts it again"
    if not service.serves(process, settings):
        return (
            ("starting", "it does not listen yet") if _is_young(record, settings) else ("unhealthy", _mend("it runs but does not listen"))
        )
    answer = service.answer(settings)
    if not answer and not service.address and _is_young(record, settings):
        return "starting", "it has not given a sign of life yet"
    return ("running", _kind(answer)) if answer else ("unhealthy", _mend("it runs but does not answer"))


def _is_young(record: Record, settings: Settings) -> bool:
    return datetime.now(UTC).timestamp() - record.started_at < settings.start_timeout


def _kind(answer: dict[str, Any]) -> str:
    return "embedded engine" if is_embedded(answer) else ""


def _mend(problem: str) -> str:
    return f"{problem}; `lab up` starts it anew"


def _without_record(service: Service, settings: Settings, started: Place | None) -> tuple[Condition, str]:
    """`started` is the place of a lab that was started, None when none was."""
    if service is OLLAMA:
        answer = service.answer(settings)
        wanted = started or wish(settings)
        if answer and (wanted != "embedded" or is_embedded(answer)):
            return _somebodys(answer, bool(started))
        if started == "native":
            return "stopped", "your own server does not answer; start it with `ollama serve`"
    return without_process(service, service.port(settings))


def without_process(service: Service, port: int | None) -> tuple[Condition, str]:
    """A service that does not run: is its port free for it?"""
    if port is not None and not is_free(port):
        holder = describe(owner(port))
        return "port taken", f"port {port} is taken by {holder}; stop it or change {service.port_setting} in .env"
    return "stopped", "`lab up` starts it"


def _somebodys(answer: dict[str, Any], in_use: bool) -> tuple[Condition, str]:
    """A server that the lab did not start and can use."""
    if not in_use:
        return "stopped", f"{'an embedded engine' if is_embedded(answer) else 'an Ollama server'} answers here; `lab up` will use it"
    server = "an embedded engine of another lab" if is_embedded(answer) else "your own server"
    return "running", f"{server}; this lab neither started it nor stops it"
