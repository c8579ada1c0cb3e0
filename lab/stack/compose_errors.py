"""What Compose or Docker said when the lab did not start, as a sentence of what happened and one of what to do."""

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from lab.errors import EngineError, LabError, ServiceError
from lab.settings import Settings
from lab.stack.compose_progress import QUOTED, TITLES, Watch
from lab.stack.gpu import HINT as GPU_HINT
from lab.stack.project import failed, last_lines
from lab.stack.services import PUBLISHED

if TYPE_CHECKING:
    from docker.models.containers import Container

AGAIN = "then run `lab up` again; it goes on from there"
# Services that keep data in a volume of the same name, and how the data comes back after the volume is removed.
STATEFUL = {"chroma": "the documents are read again", "ollama": "the models are fetched again"}


def explain(watch: Watch, parts: "dict[str, Container]") -> LabError:
    """The error of a `docker compose up` that failed; `parts` are the lab's containers as they are now."""
    said = "\n".join(watch.said)
    for pattern, make in KNOWN:
        if found := re.search(pattern, said):
            return make(found, watch.settings)
    broken = [name for name, container in parts.items() if failed(container)]
    if broken:
        return broken_service(broken, parts, watch.settings)
    if watch.output:
        hint = f"Mend what the last lines name; without a network, set PIP_INDEX_URL or a proxy for Docker; {AGAIN}."
        return EngineError(f"An image could not be built: {_last(said)}\n{_quote(watch.output)}", hint)
    hint = "`lab status` shows what runs; `lab doctor` looks for known causes."
    return EngineError(f"Compose could not start the lab: {_last(said)}", hint)


def broken_service(broken: list[str], parts: "dict[str, Container]", settings: Settings) -> ServiceError:
    """One that ended or is unhealthy, with the last lines of its log."""
    first = next((name for name in TITLES if name in broken), broken[0])  # in the order in which they need each other
    state = parts[first].attrs["State"]
    ended = f"ended with code {state.get('ExitCode')}" if not state.get("Running") else "runs and does not become healthy"
    ended = "was ended by the system for lack of memory" if state.get("OOMKilled") else ended
    what = f"{TITLES.get(first, first)} {ended} during its start. The last lines of its log:\n{_quote(last_lines(parts[first], QUOTED))}"
    return ServiceError(what, f"{_advice(first, settings)}`lab logs {first}` shows more; what did start keeps running.")


def _advice(service: str, settings: Settings) -> str:
    if service == "model-pull":
        return "Set CHAT_MODEL and EMBED_MODEL in .env to models that this Ollama server can fetch, then run `lab up` again. "
    if service in STATEFUL:
        volume = f"{settings.compose_project_name}_{service}"
        return f"If its data are of another version or damaged: `lab down`, `docker volume rm {volume}`, `lab up`; {STATEFUL[service]}. "
    return ""


def _port(found: re.Match[str], settings: Settings) -> LabError:
    port = int(found["port"])
    service = next((one for one in PUBLISHED if one.port(settings) == port), None)
    setting = service.port_setting if service else "the port"
    return ServiceError(f"Port {port} is taken.", f"Stop the program that has it, or choose another with {setting} in .env; {AGAIN}.")


def _name(found: re.Match[str], settings: Settings) -> LabError:
    name = found["name"]
    what = f"There is a container {name} already, and the lab did not make it."
    hint = f"`docker rename {name} {name}-old` keeps it, `docker rm -f {name}` removes it; or set COMPOSE_PROJECT_NAME in .env; {AGAIN}."
    return EngineError(what, hint)


def _disk(found: re.Match[str], settings: Settings) -> LabError:
    hint = f"`docker system df` shows what fills it; `docker builder prune` removes build caches; {AGAIN}."
    return EngineError("Docker's disk is full.", hint)


def _gpu(found: re.Match[str], settings: Settings) -> LabError:
    return EngineError(f"Docker cannot give a GPU: {found[0]}.", GPU_HINT)


def _registry(found: re.Match[str], settings: Settings) -> LabError:
    hint = f"Look at the network, and at the proxy that Docker itself uses (`docker info`); `docker login` where one is asked for; {AGAIN}."
    return EngineError(f"An image could not be fetched: {found[0]}.", hint)


def _volume(found: re.Match[str], settings: Settings) -> LabError:
    name = found["name"]
    what = f"The volume {name} was made by another program, or for another Compose project."
    return EngineError(what, f"`docker volume rm {name}` removes it with its data; or set another COMPOSE_PROJECT_NAME in .env; {AGAIN}.")


def _late(found: re.Match[str], settings: Settings) -> LabError:
    hint = f"`lab status` shows which are not; on a slow machine set a larger START_TIMEOUT in .env; {AGAIN}."
    return ServiceError(f"The services were not all healthy within {found['time']}.", hint)


def _compose_file(found: re.Match[str], settings: Settings) -> LabError:
    return EngineError(f"Compose cannot read its files: {found[0]}.", "Look at LAB_COMPOSE_FILES and .env, and at `docker compose config`.")


# A pattern in the messages of Compose and the engine -> the error. The first that is found counts.
KNOWN: tuple[tuple[str, Callable[[re.Match[str], Settings], LabError]], ...] = (
    (r"no space left on device", _disk),
    (r'[Cc]onflict\. The container name "/(?P<name>[^"]+)"', _name),
    (r"[Bb]ind for \S*?:(?P<port>\d+) failed", _port),
    (r"listen tcp4? \S*?:(?P<port>\d+): bind: address already in use", _port),
    (r"failed to bind host port (?:for )?\S*?:(?P<port>\d+)", _port),
    (r"could not select device driver .*|CDI device injection failed.*|nvidia-container-cli: .*", _gpu),
    (r'volume "(?P<name>[^"]+)" already exists but was (?:not )?created', _volume),
    (r"(?:pull access denied|manifest unknown|failed to resolve reference|lookup \S+|i/o timeout|TLS handshake).*", _registry),
    (r"application not healthy after (?P<time>\S+)", _late),
    (r"(?:validating |yaml: |undefined ).*|.*must be a .*", _compose_file),
)


def _last(said: str) -> str:
    return said.splitlines()[-1].strip() if said.strip() else "it gave no reason."


def _quote(lines: Iterable[str]) -> str:
    return "\n".join(f"  {line}" for line in lines) or "  (empty)"
