"""Starts and stops the lab. Both may be called at any time: they look at what is there, and do what is missing."""

import secrets
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import psutil

from lab.errors import LabError
from lab.settings import Place, Settings, get_settings, load_settings
from lab.stack import corpus
from lab.stack.models import ensure_models
from lab.stack.place import Choice, choose, wish
from lab.stack.process import find, leftovers, stop
from lab.stack.progress import Silent, View
from lab.stack.services import NAMES, OLLAMA, choices
from lab.stack.starter import Starter
from lab.stack.state import State, locked, read_state, write_state


def up(
    place: Place | None = None,
    *,
    services: Collection[str] = NAMES,
    ingest: bool = True,
    view: View | None = None,
) -> tuple[Settings, Choice]:
    """Starts what is missing, fetches missing models, and brings the index up to date.

    Raises LabError when something cannot be had; what runs stays, and the next call continues from there.
    Ctrl-C stops what this call started.
    """
    view = view or Silent()
    home = load_settings().lab_home
    with locked(home):
        state = read_state(home)
        stop(leftovers(home, _running(state).values()))
        settings, choice = _decide(home, state, place)
        chosen = [service for service in choice.services if service.name in services]
        with Starter(settings, choice.place, state, view) as starter:
            starter.start(chosen)
            starter.wait(("ollama", "chroma"))
            if OLLAMA in chosen or not choice.own_ollama:
                ensure_models(settings, view)
            if ingest:
                _index(settings, state, view)  # meanwhile JupyterLab, the slowest to start, does
            starter.wait()
    get_settings.cache_clear()  # this process, too, now finds the lab
    return settings, choice


def _running(state: State) -> dict[str, psutil.Process]:
    found = {name: find(record) for name, record in state.services.items()}
    return {name: process for name, process in found.items() if process}


def _decide(home: Path, state: State, place: Place | None) -> tuple[Settings, Choice]:
    """The place stays while something runs in it; otherwise it is chosen anew."""
    running = _running(state)
    if not running:
        state.forget_choices()
        write_state(home, state)
    settings = load_settings()
    wanted = place or wish(settings)
    choice = _keep(settings, state, wanted, "ollama" in running) if running else choose(settings, wanted)
    settings = load_settings(lab_place=choice.place, jupyter_token=settings.jupyter_token or secrets.token_urlsafe(24))
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


def down() -> list[str]:
    """Stops all that the lab started, also what it lost track of. Returns the names of what was stopped; data stays."""
    home = load_settings().lab_home
    with locked(home):
        state = read_state(home)
        running = _running(state)
        lost = leftovers(home, running.values())
        stop([*running.values(), *lost])
        state.services.clear()
        state.forget_choices()
        write_state(home, state)
    get_settings.cache_clear()
    return [*running, *(f"process {process.pid}" for process in lost)]
