"""A Chroma server of a lesson's own, which the lesson may stop and start as it likes."""

import atexit
import shutil
import sys
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic, sleep
from urllib.error import URLError
from urllib.request import urlopen

from lab.addresses import free_port
from lab.errors import ServiceError
from lab.tied import Tied

PATIENCE = 60.0  # seconds for a start
# what the command `chroma` calls in the end; the command itself first loads the whole client, seconds that a server does not need
CHROMA = "import sys, chromadb_rust_bindings as chroma; chroma.cli(sys.argv)"


class OwnChroma:
    """Chroma on a port of its own. `start` and `stop` may be called again and again; its data stays until `remove`."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = Path(mkdtemp(prefix="lesson-chroma-"))
        self._process: Tied | None = None
        atexit.register(self.remove)

    def __repr__(self) -> str:
        return f"<OwnChroma: {'running' if self._process else 'stopped'}>"

    @property
    def folder(self) -> Path:
        """Where it keeps its data: for a lesson that looks at the files, or copies them."""
        return self._folder

    def start(self) -> "OwnChroma":
        """Start it if it is stopped, and wait for its first answer. Raises ServiceError."""
        if not self._process:
            command = [sys.executable, "-c", CHROMA, "run", "--path", str(self._folder), "--host", "127.0.0.1", "--port", str(self.port)]
            self._process = Tied(command, self._folder / "chroma.log")
        deadline = monotonic() + PATIENCE
        while not self._answers():
            if not self._process.runs or monotonic() > deadline:
                raise ServiceError("The lesson's own Chroma did not start.", "Run this cell again.")
            sleep(0.05)
        return self

    def stop(self) -> "OwnChroma":
        """End it and wait until it is gone."""
        if self._process:
            self._process.stop()
        self._process = None
        return self

    def remove(self) -> None:
        """End it for good, and delete its data."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/api/v2/heartbeat", timeout=1) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False
