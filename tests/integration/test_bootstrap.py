"""`lab/bootstrap.py` makes a real environment from a small lock, and mends one that was left half-made."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from lab.settings import ROOT

BUILD_TOOL = {"hatchling", "editables", "packaging", "pathspec", "pluggy", "trove-classifiers"}


@pytest.fixture
def project(tmp_path):
    """A tiny project with the real set-up script and the part of the real lock that builds it."""
    (tmp_path / "lab").mkdir()
    shutil.copy(ROOT / "lab/bootstrap.py", tmp_path / "lab/bootstrap.py")
    (tmp_path / "lab/__init__.py").write_text("")
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / "requirements.lock").read_text("utf-8").strip())
    (tmp_path / "requirements.lock").write_text("\n".join(b for b in blocks if b.split("==")[0] in BUILD_TOOL) + "\n")
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "tiny"\nversion = "1"\n[tool.hatch.build.targets.wheel]\npackages = ["lab"]\n'
    )
    return tmp_path


def set_up(project, **variables):
    command = [sys.executable, project / "lab/bootstrap.py"]
    return subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, timeout=200)


def works(project):
    return subprocess.run([project / ".venv/bin/python", "-c", "import lab, hatchling"], cwd="/").returncode == 0


def test_set_up_makes_an_environment_and_then_has_nothing_to_do(project):
    first = set_up(project, UV_SYSTEM_PYTHON="1")  # set in many containers; it must not send the packages elsewhere
    assert first.returncode == 0, first.stderr
    assert works(project)
    again = set_up(project)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_a_half_made_environment_is_mended(project):
    (project / ".venv/bin").mkdir(parents=True)
    (project / ".venv/bin/python").symlink_to(project / "gone")
    done = set_up(project)
    assert done.returncode == 0, done.stderr
    assert "half-made" in done.stderr
    assert works(project)


def test_an_interrupted_set_up_continues(project):
    process = subprocess.Popen([sys.executable, project / "lab/bootstrap.py"], stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while not (project / ".venv").exists():
        assert time.monotonic() < deadline, "the set-up never began to make .venv"
        assert process.poll() is None, process.stderr.read()
    process.send_signal(signal.SIGINT)
    process.wait(60)
    assert "nothing is lost" in process.stderr.read()
    done = set_up(project)
    assert done.returncode == 0, done.stderr
    assert works(project)


def test_a_tampered_package_is_refused(project):
    lock = project / "requirements.lock"
    lock.write_text(re.sub(r"sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, lock.read_text()))
    done = set_up(project)
    assert done.returncode != 0
    assert "hint:" in done.stderr
    assert not (project / ".venv/lab-complete").exists()
