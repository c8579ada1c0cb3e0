"""Starts and stops the lab. Both may be called at any time: they look at what is there, and do what is missing."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from lab.errors import LabError
from lab.settings import Place, Settings, get_settings, load_settings
from lab.stack import corpus
from lab.stack.models import ensure_models
from lab.stack.place import Choice, choose, in_container, in_containers, wish
from lab.stack.process import GRACE, find, leftovers, stop
from lab.stack.progress import Silent, View
from lab.stack.services import NAMES, OLLAMA, SERVICES, choices
from lab.stack.starter import Starter
from lab.stack.state import SECRETS, State, locked, read_state, write_state


def up(
    place: Place | None = None,
    *,
    profiles: Collection[str] = (),
    services: Collection[str] = NAMES,
    ingest: bool = True,
    view: View | None = None,
) -> tuple[Settings, Choice]:
    """Starts what is missing, fetches missing models, and brings the index up to date.

    `profiles` are switched on, besides those that are on.
    Raises LabError when something cannot be had; what runs stays, and the next call continues from there.
    Ctrl-C stops what this call started.
    """
    view = view or Silent()
    home = _home_of_this_machine()
    with locked(home):
        state = read_state(home)
        stop(leftovers(home, _running(state).values()))
        settings, choice = _decide(home, state, place, profiles)
        if choice.place == "compose":
            choice = _containers(settings, choice, state, view)
        else:
            _processes(settings, choice, state, services, ingest, view)
    get_settings.cache_clear()  # this process, too, now finds the lab
    return settings, choice


def _home_of_this_machine() -> Path:
    settings = load_settings()
    if in_container(settings):
        what = "This is JupyterLab's container: the lab is started and stopped from outside."
        raise LabError(what, "Type the command in a terminal of the machine itself, in the project's folder.")
    return settings.lab_home


def _processes(settings: Settings, choice: Choice, state: State, services: Collection[str], ingest: bool, view: View) -> None:
    chosen = [service for service in choice.services(settings) if service.name in services]
    with Starter(settings, choice.place, state, view) as starter:
        starter.start(chosen)
        starter.wait(("ollama", "chroma"))
        if OLLAMA in chosen or not choice.own_ollama:
            ensure_models(settings, view)
        if ingest:
            _index(settings, state, view)  # meanwhile JupyterLab, the slowest to start, does
        starter.wait()


def _containers(settings: Settings, choice: Choice, state: State, view: View) -> Choice:
    from lab.stack import compose_lab  # the Docker SDK takes a third of a second to import

    write_state(settings.lab_home, state)  # before anything is started: whatever happens next, `lab down` finds it
    words = compose_lab.up(settings, view)
    state.reason = f"{choice.reason.partition('; ')[0]}; {words}"
    write_state(settings.lab_home, state)
    return replace(choice, reason=state.reason)


def _with_a_model_that_can_be_had(settings: Settings) -> Settings:
    from lab.stack import compose_lab

    return compose_lab.with_chat_model(settings)


def _containers_run() -> bool:
    from lab.stack import compose_lab

    return compose_lab.any_runs(load_settings())


def _running(state: State) -> dict[str, psutil.Process]:
    found = {name: find(record) for name, record in state.services.items()}
    return {name: process for name, process in found.items() if process}


def _decide(home: Path, state: State, place: Place | None, profiles: Collection[str]) -> tuple[Settings, Choice]:
    """The place stays while something runs in it; otherwise it is chosen anew."""
    running = _running(state)
    inside = state.settings.get("lab_place") == "compose" and _containers_run()
    if not running and not inside:
        state.forget_choices()
        write_state(home, state)
    settings = load_settings()
    wanted = place or wish(settings)
    choice = _keep(settings, state, wanted, inside or "ollama" in running) if running or inside else choose(settings, wanted)
    made = {name: getattr(settings, name) or secrets.token_urlsafe(24) for name in SECRETS}
    settings = load_settings(lab_place=choice.place, compose_profiles=",".join(sorted({*settings.profiles, *profiles})), **made)
    if choice.place == "compose":
        settings = _with_a_model_that_can_be_had(settings)
    state.settings, state.reason = choices(settings), choice.reason
    return settings, choice


def _keep(settings: Settings, state: State, wanted: Place | None, own_ollama: bool) -> Choice:
    current: Place = state.settings.get("lab_place", settings.lab_place)
    if wanted and wanted != current:
        raise LabError(f"The lab already runs in the place {current}.", f"Run `lab down` first, then `lab up --place {wanted}`.")
    if own_ollama:
        return Choice(current, state.reason)
    return replace(choose(settings, current), reason=state.reason)


def _index(settings: Settings, state: State, view: View) -> None:
    if not corpus.is_indexed(settings, state.corpus):
        state.corpus = corpus.ingest(settings, view)
        write_state(settings.lab_home, state)


@dataclass(frozen=True)
class Stopped:
    """What `lab down` stopped, and the volumes that stay."""

    names: list[str]
    volumes: list[str] = field(default_factory=list)


def down() -> Stopped:
    """Stops all that the lab started, also what it lost track of; data stays."""
    home = _home_of_this_machine()
    with locked(home):
        state = read_state(home)
        running = _running(state)
        lost = leftovers(home, running.values())
        _stop(running, lost)
        stopped = Stopped([*running, *(f"process {process.pid}" for process in lost)])
        if in_containers(load_settings(), state.settings.get("lab_place")):
            stopped = _containers_down(stopped)
        state.services.clear()
        state.forget_choices()
        write_state(home, state)
    get_settings.cache_clear()
    return stopped


def _stop(running: dict[str, psutil.Process], lost: list[psutil.Process]) -> None:
    """Those that answer questions first: to finish what they have begun, they need the others."""
    settings = load_settings()
    first = {service.name: service.grace(settings) for service in SERVICES if service.rag and service.name in running}
    stop([*(running[name] for name in first), *lost], max(first.values(), default=GRACE))
    stop(process for name, process in running.items() if name not in first)


def _containers_down(stopped: Stopped) -> Stopped:
    from lab.stack import compose_lab

    names, volumes = compose_lab.down(load_settings())
    return Stopped([*stopped.names, *names], volumes)
