"""Servers of a measurement: a lab of its own, on free ports, with its own folder."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lab.addresses import free_port
from lab.settings import Settings, get_settings
from lab.stack.lifecycle import down, up
from lab.stack.progress import Silent
from lab.stack.services import SERVICES
from lab.stack.starter import Starter
from lab.stack.state import read_state


def environment(home: Path) -> dict[str, str]:
    """The environment of this process, less what belongs to a lab that may run beside, and with free ports."""
    kept = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields and name != "LAB_SERVICE"}
    ports = {name: str(free_port()) for name in ("OLLAMA_PORT", "CHROMA_PORT", "JUPYTER_PORT")}
    return {**kept, **ports, "LAB_PLACE": "embedded", "LAB_HOME": str(home), "OPEN": "0"}


@contextlib.contextmanager
def _own_environment() -> Iterator[None]:
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as home:
        values = environment(Path(home))
        os.environ.clear()
        os.environ.update(values)
        get_settings.cache_clear()
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
            get_settings.cache_clear()


@contextlib.contextmanager
def lab(*services: str) -> Iterator[Settings]:
    """A running lab with these services (default: engine and Chroma) and the embedded models; stopped and removed at the end."""
    with _own_environment():
        try:
            yield up(services=services or ("ollama", "chroma"), ingest=False)[0]
        finally:
            down()


def start_alone(name: str) -> None:
    """Starts one service of the lab in `LAB_HOME` and returns when it answers. `stop_all` ends it."""
    get_settings.cache_clear()
    settings = get_settings()
    service = next(service for service in SERVICES if service.name == name)
    with Starter(settings, "embedded", read_state(settings.lab_home), Silent()) as starter:
        starter.start([service])
        starter.wait()


def stop_all() -> None:
    """Stops what runs in `LAB_HOME`."""
    down()
