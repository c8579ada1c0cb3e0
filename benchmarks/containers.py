"""The lab in containers: sizes of its images, builds, and `docker compose up --wait` against its slowest part."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from benchmarks.measure import Row, seconds, spread
from benchmarks.servers import environment
from benchmarks.start import clone, command

ROUNDS = 3
PROJECT = "slipway-bench"
IMAGES = {"api": 600, "jupyter": 1100, "docker-proxy": 150}  # MB at most, the base image included
CODE = "lab/service/app.py"
# In this order each finds what it needs.
PARTS = ("ollama", "chroma", "api", "jupyter", "sandbox", "docker-proxy")


class Project:
    """A clone of the project, and `docker compose` on it with free ports and a name of its own."""

    def __init__(self, folder: Path):
        self.folder = clone(folder)
        self.env = {name: value for name, value in environment(folder).items() if name not in ("LAB_PLACE", "LAB_HOME")}
        socket = os.environ.get("DOCKER_HOST", "").removeprefix("unix://")
        api = environment(folder)["CHROMA_PORT"]  # one more free port
        self.env |= {"COMPOSE_PROJECT_NAME": PROJECT, "API_PORT": api, "CHAT_MODEL": "smollm2:135m"}
        self.env |= {"DOCKER_SOCKET": socket} if socket.startswith("/") else {}

    def call(self, *words: str) -> Callable[[], object]:
        """`docker compose WORDS`; it ends the measurement when it fails."""
        return command(self.folder, "docker", "compose", *words, env=self.env)

    def took(self, *words: str) -> float:
        """Seconds of such a call."""
        return seconds(self.call(*words))

    def inspect(self, kind: str, name: str) -> dict:
        """What the engine knows about an image or a container."""
        found: dict = json.loads(subprocess.check_output(["docker", kind, "inspect", name], env=self.env))[0]
        return found

    def remove(self) -> None:
        """Containers, networks, volumes and the images built here."""
        self.call("down", "--volumes", "--rmi", "local")()


def has_engine() -> bool:
    """True when `docker` reaches an engine."""
    try:
        return subprocess.run(["docker", "version"], capture_output=True).returncode == 0
    except OSError:
        return False


def builds(project: Project) -> Iterator[Row]:
    """From nothing (downloads are cached), with nothing changed, and after a line of code."""
    cold = project.took("build", "--quiet", "--no-cache")
    warm = [project.took("build", "--quiet") for _ in range(ROUNDS)]
    note = f"cold {cold:.1f} s, again {spread(warm)} s"
    yield Row("containers: build of three images again / from nothing", statistics.median(warm) / cold, 0.2, "at most", note=note)
    code = project.folder / CODE
    changed = []
    for number in range(ROUNDS):
        code.write_text(f"{code.read_text('utf-8')}# {number}\n", "utf-8")
        changed.append(project.took("build", "--quiet", "api"))
    yield Row("containers: build of the API after a change of its code", statistics.median(changed), 5, "at most", "s", spread(changed))


def sizes(project: Project) -> Iterator[Row]:
    """Megabytes of each image, and what of it is the base image's."""
    for name, limit in IMAGES.items():
        size = project.inspect("image", f"{PROJECT}-{name}")["Size"] / 1e6
        yield Row(f"containers: image of {name}", size, limit, "at most", "MB")


def job_seconds(project: Project, job: str) -> float:
    """How long a job ran, by the engine's clock."""
    state = project.inspect("container", f"{PROJECT}-{job}-1")["State"]
    started, ended = (datetime.fromisoformat(f"{state[name][:23]}+00:00") for name in ("StartedAt", "FinishedAt"))
    return (ended - started).total_seconds()


def cold_start(project: Project) -> Iterator[Row]:
    """Empty volumes: models are pulled, images handed over, and the handbook embedded, which takes longest."""
    whole = project.took("up", "--wait")
    jobs = {job: job_seconds(project, job) for job in ("model-pull", "ingest", "handover")}
    note = f"up --wait {whole:.1f} s; " + ", ".join(f"{job} {took:.1f} s" for job, took in jobs.items())
    yield Row("containers: cold up --wait / its slowest job", whole / max(jobs.values()), 2, "at most", note=note)


def warm_start(project: Project) -> Iterator[Row]:
    """Full volumes, no containers: everything at once, against the slowest service when what it needs runs already."""
    whole: list[float] = []
    alone: dict[str, list[float]] = {part: [] for part in PARTS}
    for _ in range(ROUNDS):
        project.call("down")()
        whole.append(project.took("up", "--wait"))
        project.call("down")()
        for part in PARTS:
            alone[part].append(project.took("up", "--wait", "--no-deps", part))
    slowest = max(map(statistics.median, alone.values()))
    each = ", ".join(f"{part} {spread(figures)}" for part, figures in alone.items())
    ratio = statistics.median(whole) / slowest
    yield Row(
        "containers: warm up --wait / slowest service alone", ratio, 4, "at most", note=f"up --wait {spread(whole)} s; alone: {each} s"
    )


def rows() -> Iterator[Row]:
    """Nothing, with a remark, where no Docker Engine answers."""
    if not has_engine():
        print("measuring: containers is left out: no Docker Engine answers", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder, ExitStack() as at_end:
        project = Project(Path(folder))
        at_end.callback(project.remove)
        for part in (builds, sizes, cold_start, warm_start):
            yield from part(project)
