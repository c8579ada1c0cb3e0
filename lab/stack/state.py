"""`lab.json` in the state folder: what `lab up` chose and started. Written whole or not at all; only its owner may read it."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lab.errors import LabError, SettingError
from lab.files import write_whole
from lab.stack.process import Record

SECRETS = ("jupyter_token", "redis_password", "grafana_password")  # made at the first start, and kept: browsers, scripts and data know them


@dataclass
class State:
    """The content of `lab.json`."""

    settings: dict[str, Any] = field(default_factory=dict)  # read by lab.settings
    reason: str = ""  # why this place
    services: dict[str, Record] = field(default_factory=dict)
    corpus: str = ""  # what the index holds: see lab.stack.corpus
    place: str = ""  # where it ran before `lab down`
    damaged: bool = False  # the file was there and could not be read

    def forget_choices(self) -> None:
        """Keeps what was made at the first start, so that a later start chooses place, ports and models anew."""
        self.place = self.settings.get("lab_place", self.place)
        self.settings = {name: value for name, value in self.settings.items() if name in SECRETS}
        self.reason = ""


def read_state(home: Path) -> State:
    """The state; an empty one when nothing was started, or when the file is damaged."""
    try:
        data = json.loads((home / "lab.json").read_text("utf-8"))
        records = {name: Record(**record) for name, record in data["services"].items()}
        return State(dict(data["settings"]), data["reason"], records, data["corpus"], data.get("place", ""))
    except FileNotFoundError:
        return State()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return State(damaged=True)


def write_state(home: Path, state: State) -> None:
    """Mode 600: it holds the token and the password of Redis."""
    data = asdict(state)
    del data["damaged"]
    write_whole(home / "lab.json", json.dumps(data, indent=2), 0o600)


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """One `lab up` or `lab down` at a time; the system frees the lock when its owner ends, however it ends."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        file = (home / "lock").open("a+")
    except OSError as error:
        what = f"The state folder {home} cannot be written: {error.strerror}."
        raise SettingError(what, "Set LAB_HOME in .env to another folder.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            what = f"Another `lab up` or `lab down` is at work on {home} (process {holder})."
            raise LabError(what, "Wait until it is done; `lab status` shows how far it is.") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
