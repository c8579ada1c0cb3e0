"""A Prometheus as a process of this machine: where its program is, how it is set up, and one that ends with its caller.

The lab's own Prometheus, the lesson about it and the tests use it. What it scrapes and its rules are those of `monitoring/`.
"""

import os
import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.addresses import free_port
from lab.errors import ServiceError
from lab.files import write_whole
from lab.promql import file_of
from lab.settings import ROOT
from lab.tied import Tied

MONITORING = ROOT / "monitoring"
KEPT = "7d"  # how long samples are kept
POLL = 0.05  # seconds between two looks
DISCOVERIES = ("static_configs", "dns_sd_configs", "file_sd_configs")
HINT = (
    "Install it (Debian, Ubuntu: `sudo apt-get install prometheus`, then `sudo systemctl disable --now prometheus`, because that one takes "
    "the port; macOS: `brew install prometheus`), or set PROMETHEUS_PROGRAM in .env to its path. "
    "Without it, leave out the profile monitoring: all else works, and the live board reads the API's own counts."
)


def find_prometheus(program: str = "") -> Path:
    """The program `prometheus`: the one that a setting names, else the one on the PATH. Raises ServiceError."""
    found = shutil.which(program or "prometheus")
    if found:
        return Path(found)
    what = f"PROMETHEUS_PROGRAM names {program}, which is no program." if program else "There is no program `prometheus` on the PATH."
    raise ServiceError(what, HINT)


def write_configuration(folder: Path, targets: Mapping[str, str], every: str = "", patience: str = "") -> Path:
    """`prometheus.yml` in `folder`: that of `monitoring/`, with addresses of this machine in the place of the containers' names.

    `targets` gives an address to each job; a job without one stays, and asks nobody. `every` is another time between two scrapes,
    `patience` one that an alert's condition must hold: a lesson and a test cannot wait for minutes.
    """
    import yaml  # type: ignore[import-untyped]  # here: `lab status` does without it

    read: dict[str, Any] = yaml.safe_load((MONITORING / "prometheus.yml").read_text("utf-8"))
    rules = _impatient_rules(folder, patience) if patience else MONITORING
    read["rule_files"] = [str(rules / pattern) for pattern in read["rule_files"]]
    if every:
        read["global"] = {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every}
    for job in read["scrape_configs"]:
        for discovery in DISCOVERIES:
            job.pop(discovery, None)
        address = targets.get(job["job_name"])
        job["static_configs"] = [{"targets": [address]}] if address else []
    folder.mkdir(parents=True, exist_ok=True)
    path = configuration_file(folder)
    write_whole(path, yaml.safe_dump(read, sort_keys=False))
    return path


def _impatient_rules(folder: Path, patience: str) -> Path:
    """A folder like `monitoring/`, whose alerts fire after `patience`."""
    for file in sorted((MONITORING / "rules").glob("*.yml")):
        write_whole(folder / "rules" / file.name, re.sub(r"^( +for: )\S+$", rf"\g<1>{patience}", file.read_text("utf-8"), flags=re.M))
    return folder


def configuration_file(folder: Path) -> Path:
    """Where the configuration of a server with this folder is."""
    return folder / "prometheus.yml"


def command_line(program: Path, folder: Path, port: int) -> list[str]:
    """Starts it on this machine only; samples are kept below its folder."""
    return [
        str(program),
        f"--config.file={configuration_file(folder)}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--storage.tsdb.retention.time={KEPT}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]


class PrometheusServer:
    """One Prometheus that ends with the process that started it. `with PrometheusServer(folder, {"api": "127.0.0.1:8000"}) as server:`."""

    def __init__(self, folder: Path, targets: Mapping[str, str], port: int = 0, program: str = "", every: str = "1s", patience: str = ""):
        self.folder, self.targets = folder, dict(targets)
        self.every, self.patience = every, patience
        self.port = port or free_port()
        self.program = program
        self._process: Tied | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it writes about itself."""
        return self.folder / "prometheus.log"

    def __enter__(self) -> "PrometheusServer":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> "PrometheusServer":
        """Starts it, and returns when it answers. Raises ServiceError."""
        program = find_prometheus(self.program)
        write_configuration(self.folder, {"prometheus": f"127.0.0.1:{self.port}", **self.targets}, self.every, self.patience)
        self._process = Tied(command_line(program, self.folder, self.port), self.log, os.environ)
        self._wait(30)
        return self

    def stop(self) -> None:
        """Lets it write its samples and end."""
        if self._process:
            self._process.stop()
        self._process = None

    def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while file_of(self.url) != str(configuration_file(self.folder)):  # another one may have the port
            if time.monotonic() > deadline or not (self._process and self._process.runs):
                self.stop()
                said = " / ".join(self.log.read_text("utf-8", "replace").splitlines()[-3:])
                raise ServiceError(f"Prometheus did not start on port {self.port}: {said}", f"{self.log} tells more.")
            time.sleep(POLL)
