"""What a Dockerfile copies from the project's root gets past its list of what may go to the engine."""

import os
import shutil
import subprocess
import sys

import pytest
from docker.utils import exclude_paths

from lab.settings import ROOT

FILES = ("api/Dockerfile", "jupyter/Dockerfile", "docker-proxy/Dockerfile", "ci/stand-ins/ollama/Dockerfile")


def sources(file):
    """What the file's COPY lines name, but for what they take from other stages."""
    for line in (ROOT / file).read_text("utf-8").splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            yield from [word for word in line.split()[1:] if not word.startswith("--")][:-1]


def sent(file):
    """Paths that reach the engine. A list beside the Dockerfile wins over the project's."""
    own = ROOT / f"{file}.dockerignore"
    lines = (own if own.exists() else ROOT / ".dockerignore").read_text("utf-8").splitlines()
    return exclude_paths(ROOT, [line for line in lines if line and not line.startswith("#")])


@pytest.mark.parametrize("file", FILES)
def test_every_source_of_a_copy_reaches_the_engine(file):
    found = sent(file)
    assert [source for source in sources(file) if source != "." and source not in found] == []


@pytest.mark.parametrize("file", FILES)
def test_neither_tests_nor_state_nor_secrets_reach_the_engine(file):
    first = {path.split("/")[0] for path in sent(file)}
    assert first & {".env", ".git", ".lab", ".venv", "notebooks", "tests"} == set()


IMPORT_ALL = """
import importlib, pkgutil
import lab.engine
for module in pkgutil.iter_modules(lab.engine.__path__):
    if module.name != "__main__":
        importlib.import_module(f"lab.engine.{module.name}")
print(lab.engine.__file__)
"""


def test_the_stand_in_for_ollama_holds_all_that_the_engine_imports(tmp_path):
    for source in sources("ci/stand-ins/ollama/Dockerfile"):
        if source.startswith("lab/"):
            (tmp_path / source).parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (ROOT / source).is_dir() else shutil.copy)(ROOT / source, tmp_path / source)
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], env=env, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout.startswith(str(tmp_path))) == (0, True), done.stderr
