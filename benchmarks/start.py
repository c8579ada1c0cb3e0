"""`make up` on a fresh clone and warm, against the bare package install and the slowest single service."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import Row, seconds, spread, take_turns
from benchmarks.servers import free_port
from lab.settings import ROOT

ROUNDS = 3
QUESTION = "Are my models deleted when I remove the container?"


def clone(folder: Path) -> Path:
    """The committed state of the project, without anything that a run has made."""
    target = folder / "clone"
    subprocess.run(["git", "clone", "-q", ROOT, target], check=True)
    return target


def environment() -> dict[str, str]:
    """Free ports, and nothing of the lab that may be running beside."""
    own = {name.upper(): str(free_port()) for name in ("ollama_port", "chroma_port", "jupyter_port")}
    ours = ("LAB_", "OLLAMA_", "CHROMA_", "JUPYTER_", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, **own, "OPEN": "0", "LAB_PLACE": "embedded"}


def command(folder: Path, *words: str, env: dict[str, str]) -> Callable[[], object]:
    """A command in the clone; its output is shown only when it fails."""

    def run() -> str:
        done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(words)} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    return run


def bare_install(folder: Path) -> float:
    """A virtual environment, uv, and the packages of the lock: what no set-up can avoid."""

    def install() -> None:
        subprocess.run([sys.executable, "-m", "venv", folder / "bare"], check=True)
        pip, uv = folder / "bare/bin/pip", folder / "bare/bin/uv"
        subprocess.run([pip, "install", "-q", "uv>=0.9,<1"], check=True)
        env = {**os.environ, "VIRTUAL_ENV": str(folder / "bare")}
        subprocess.run([uv, "pip", "install", "-q", "--no-deps", "-r", ROOT / "requirements.lock"], env=env, check=True)

    return seconds(install)


def cold(folder: Path) -> Iterator[Row]:
    """From a fresh clone to the first grounded answer. Run after the bare install: both find the same download cache."""
    bare = bare_install(folder)
    project, env = clone(folder), environment()
    up = seconds(command(project, "make", "up", env=env))
    answer: dict = {}
    asked = command(project, ".venv/bin/lab", "ask", "--json", QUESTION, env=env)
    ask = seconds(lambda: answer.update(json.loads(str(asked()))))
    command(project, "make", "down", env=env)()
    note = f"bare install {bare:.1f} s, make up {up:.1f} s, lab ask {ask:.1f} s ({answer['state']})"
    yield Row("start: first answer of a fresh clone beyond the bare install", up + ask - bare, 20, "at most", unit="s", note=note)


def warm() -> Iterator[Row]:
    """`make up` with everything installed, against each service started alone, in turn."""
    with tempfile.TemporaryDirectory() as home:
        env = {**environment(), "LAB_HOME": home}
        command(ROOT, "make", "up", env=env)()  # pulls the models and indexes the handbook
        command(ROOT, "make", "down", env=env)()

        def whole() -> float:
            took = seconds(command(ROOT, "make", "up", env=env))
            command(ROOT, "make", "down", env=env)()
            return took

        alone = [lambda name=name: single(name) for name in ("ollama", "chroma", "jupyter")]
        ours, *others = take_turns(whole, *alone, rounds=ROUNDS)
    slowest = max(others, key=statistics.median)
    ratio = statistics.median(ours) / statistics.median(slowest)
    note = f"make up {spread(ours)} s; alone: engine {spread(others[0])}, Chroma {spread(others[1])}, JupyterLab {spread(others[2])} s"
    yield Row("start: warm make up / slowest service alone", ratio, 1.5, "at most", note=note)


def single(name: str) -> float:
    """Seconds until one service of the lab, started alone, is ready."""
    from lab.stack.services import seconds_alone

    return seconds_alone(name)


def rows() -> Iterator[Row]:
    """Cold first, then warm."""
    with tempfile.TemporaryDirectory() as folder:
        yield from cold(Path(folder))
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir(exist_ok=True)
    yield from warm()
