"""`make up` on a fresh clone and warm, against the bare package install and the slowest single service."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import Row, seconds, spread, take_turns
from benchmarks.servers import environment
from lab.settings import ROOT

ROUNDS = 3
QUESTION = "Are my models deleted when I remove the container?"


def clone(folder: Path) -> Path:
    """The committed state of the project, without anything that a run has made."""
    target = folder / "clone"
    subprocess.run(["git", "clone", "-q", ROOT, target], check=True)
    return target


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
    project, env = clone(folder), environment(folder / "home")
    up = seconds(command(project, "make", "up", env=env))
    answer: dict = {}
    asked = command(project, ".venv/bin/lab", "ask", "--json", QUESTION, env=env)
    ask = seconds(lambda: answer.update(json.loads(str(asked()))))
    command(project, "make", "down", env=env)()
    note = f"bare install {bare:.1f} s, make up {up:.1f} s, lab ask {ask:.1f} s ({answer['state']})"
    yield Row("start: first answer of a fresh clone beyond the bare install", up + ask - bare, 20, "at most", unit="s", note=note)


def alone(name: str, env: dict[str, str]) -> float:
    """Seconds until one service of the lab, started by itself, is ready."""
    code = f"""if True:
        from benchmarks.servers import start_alone, stop_all
        from benchmarks.measure import seconds
        try:
            print(seconds(lambda: start_alone({name!r})))
        finally:
            stop_all()"""
    return float(str(command(ROOT, sys.executable, "-c", code, env=env)()))


def warm(folder: Path) -> Iterator[Row]:
    """`make up` with everything installed, against each service started alone, in turn."""
    env = environment(folder / "warm")
    stop = command(ROOT, "make", "down", env=env)
    command(ROOT, "make", "up", env=env)()  # fetches the models and indexes the handbook, once
    stop()

    def whole() -> float:
        took = seconds(command(ROOT, "make", "up", env=env))
        stop()
        return took

    names = ("ollama", "chroma", "jupyter")
    ours, *others = take_turns(whole, *(lambda name=name: alone(name, env) for name in names), rounds=ROUNDS)
    slowest = max(others, key=statistics.median)
    ratio = statistics.median(ours) / statistics.median(slowest)
    each = ", ".join(f"{name} {spread(figures)}" for name, figures in zip(names, others, strict=True))
    yield Row("start: warm make up / slowest service alone", ratio, 1.5, "at most", note=f"make up {spread(ours)} s; alone: {each} s")


def rows() -> Iterator[Row]:
    """Cold first, then warm."""
    with tempfile.TemporaryDirectory() as folder:
        yield from cold(Path(folder))
        yield from warm(Path(folder))
