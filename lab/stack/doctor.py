"""The doctor: small checks, each silent or with findings of what is wrong, what follows from it, and the command that mends it."""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from lab import bootstrap
from lab.engine.weights import CATALOGUE, Weights
from lab.errors import LabError, SettingError
from lab.settings import ROOT, Settings, load_settings
from lab.stack.models import TASKS, full_name, read_models, unfit_models
from lab.stack.place import in_container
from lab.stack.ports import describe
from lab.stack.process import find, leftovers
from lab.stack.state import read_state
from lab.stack.status import Condition, read_status

LEAST_DISK = 1_000_000_000  # bytes: models, index and logs
LEAST_MEMORY = 700_000_000  # bytes: both models loaded and a notebook

# What is said of a service in a state that needs mending.
WORDS: dict[Condition, str] = {"died": "has ended", "unhealthy": "does not answer", "port taken": "cannot start"}


@dataclass(frozen=True)
class Finding:
    """A symptom, its consequence, and the command or setting that mends it."""

    symptom: str
    consequence: str
    command: str


def examine(full: bool = False) -> list[Finding]:
    """All findings of all checks; `full` also reads every byte of the model packages."""
    try:
        settings = load_settings()
    except SettingError as error:
        return [Finding(error.what, "No command of the lab can run.", error.hint)]
    return [finding for check in _checks(settings, full) for finding in check(settings)]


def _checks(settings: Settings, full: bool) -> list[Callable[[Settings], Iterator[Finding]]]:
    if in_container(settings):  # the rest is looked at from outside
        return [packages, memory, services, models]
    checks: list[Callable[[Settings], Iterator[Finding]]] = [
        environment,
        packages,
        env_file,
        disk,
        memory,
        state_file,
        services,
        models,
        lost,
    ]
    place = read_status(settings).place
    if place == "embedded":
        checks.append(whole_weights if full else weights)
    if place == "compose":
        checks.insert(0, docker)
    return checks


def docker(settings: Settings) -> Iterator[Finding]:
    """Can the Docker Engine run the lab, and has its disk room?"""
    from lab.stack.compose_checks import examine_engine

    try:
        examine_engine(settings)
    except LabError as error:
        yield Finding(error.what, "The lab cannot run in containers.", error.hint)


def environment(settings: Settings) -> Iterator[Finding]:
    """Is the virtual environment made to its end, from the lock as it is now?"""
    if Path(sys.prefix) == bootstrap.VENV and not bootstrap.complete():
        yield Finding("The virtual environment .venv is not complete or older than requirements.lock.", "Commands may fail.", "make up")


def packages(settings: Settings) -> Iterator[Finding]:
    """Is each locked package installed in the locked version?"""
    wrong = [f"{name} {found} instead of {wanted}" for name, wanted in locked_versions() if (found := _installed(name)) != wanted]
    if wrong:
        some = ", ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")
        yield Finding(f"Packages differ from requirements.lock: {some}.", "Results may differ from the book's.", "make up")


def locked_versions() -> list[tuple[str, str]]:
    """Pairs of name and version from requirements.lock, without those that are meant for other systems."""
    from packaging.requirements import Requirement

    lines = (
        line.rstrip(" \\") for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines() if "==" in line and line[0].isalnum()
    )
    wanted = (Requirement(line) for line in lines)
    return [(r.name, next(iter(r.specifier)).version) for r in wanted if not r.marker or r.marker.evaluate()]


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "nothing"


def env_file(settings: Settings) -> Iterator[Finding]:
    """Does .env hold a name that looks like a setting with a typing mistake?"""
    from dotenv import dotenv_values

    known = {name.upper() for name in Settings.model_fields}
    for name in dotenv_values(ROOT / ".env"):
        if name.upper() not in known and (near := get_close_matches(name.upper(), known, n=1, cutoff=0.85)):
            yield Finding(
                f".env sets {name}, which is no setting of the lab.", "It has no effect.", f"rename it to {near[0]} in .env, or remove it"
            )


def disk(settings: Settings) -> Iterator[Finding]:
    """Is there room for models, index and logs?"""
    folder = next(path for path in (settings.lab_home, *settings.lab_home.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    if free < LEAST_DISK:
        symptom = f"{folder} has {free / 1e6:.0f} MB left; the lab wants {LEAST_DISK / 1e6:.0f} MB."
        yield Finding(symptom, "A model or the index may not fit.", "free some space, or set LAB_HOME in .env to a folder on another disk")


def memory(settings: Settings) -> Iterator[Finding]:
    """Is there memory for the models and a notebook?"""
    free = psutil.virtual_memory().available
    if free < LEAST_MEMORY:
        symptom = f"{free / 1e6:.0f} MB of memory are free; the lab wants {LEAST_MEMORY / 1e6:.0f} MB."
        yield Finding(symptom, "The system may end the server of the models.", "close other programs, or set a smaller NUM_CTX in .env")


def state_file(settings: Settings) -> Iterator[Finding]:
    """Can the record of what was started be read?"""
    if read_state(settings.lab_home).damaged:
        yield Finding(f"{settings.lab_home / 'lab.json'} cannot be read.", "The lab does not know what it started.", "lab up")


def services(settings: Settings) -> Iterator[Finding]:
    """Does each service that was started run, and is no other program in the way?"""
    found = read_status(settings).services
    some_run = any(service.state == "running" for service in found)
    for service in found:
        if service.state == "stopped" and some_run:
            yield Finding(f"{service.title} is stopped while other services run.", "What needs it fails.", "lab up")
        elif service.state in WORDS:
            detail, _, advice = service.detail.partition("; ")
            symptom = f"{service.title} {WORDS[service.state]}: {detail}."
            yield Finding(symptom, "What needs it fails.", advice if service.state == "port taken" else "lab up")


def models(settings: Settings) -> Iterator[Finding]:
    """Does a server that answers have the lab's models, and can each do its task?"""
    present = {model.name for model in read_models(settings)}
    for setting in TASKS if present else ():
        model = getattr(settings, setting.lower())
        if full_name(model) not in present:
            yield Finding(f"The Ollama server does not have {model}, which {setting} names.", "Questions are not answered.", "lab up")
    for error in unfit_models(settings):
        yield Finding(error.what, "Questions are not answered.", error.hint)


def lost(settings: Settings) -> Iterator[Finding]:
    """Do processes of an earlier start still run, that the record does not name?"""
    known = [process for record in read_state(settings.lab_home).services.values() if (process := find(record))]
    for process in leftovers(settings.lab_home, known):
        yield Finding(f"{describe(process)} is left from an earlier start.", "It holds memory, and perhaps a port.", "lab down")


def weights(settings: Settings) -> Iterator[Finding]:
    """Are the packages with the embedded models installed?"""
    yield from _weights(Weights.path)


def whole_weights(settings: Settings) -> Iterator[Finding]:
    """Are they installed, and is each byte the published one?"""
    yield from _weights(Weights.verify)


def _weights(check: Callable[[Weights], object]) -> Iterator[Finding]:
    for entry in CATALOGUE:
        try:
            check(entry)
        except LabError as error:
            yield Finding(error.what, f"The model {entry.names[0]} cannot be loaded.", error.hint)
