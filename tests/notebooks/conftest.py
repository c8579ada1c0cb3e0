"""Runs nbval with the gates, as a process of its own: the kernels get this process's environment, and with it the lab."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from lab.settings import ROOT

HERE = Path(__file__).parent
ENGINE = "require_engine()"  # what a lesson calls that cannot do without


class ByLesson(LoadScopeScheduling):
    """Two at once are two lessons: one lesson's tests share what it makes, such as files. Those with containers share one engine."""

    def _split_scope(self, nodeid):
        path, _, words = nodeid.partition("::")
        lesson = words.partition("[")[2].rstrip("]")
        if not (ROOT / "solutions" / f"{lesson}.ipynb").exists():
            return path
        return "engine" if needs_engine(lesson) else lesson


# instead of marks with --dist loadgroup: xdist 3.8 writes those into names that pytest 9.2 no longer reads
def pytest_xdist_make_scheduler(config, log):
    return ByLesson(config, log)


def needs_engine(lesson):
    """True for a lesson that works with containers, by the file's name without its suffix."""
    return ENGINE in (ROOT / "solutions" / f"{lesson}.ipynb").read_text("utf-8")


@pytest.fixture(scope="session")
def lab_with_handbook(running_lab):
    """A running lab whose index holds the handbook, as `lab up` leaves it."""
    from lab.rag.pipeline import Rag

    Rag.open(running_lab).ingest(running_lab.corpus)
    return running_lab


@pytest.fixture(scope="session")
def nbval():
    """nbval(path, *options) -> the finished process; its standard output names each cell that differs."""

    def run(path, *options):
        plugins = ["--disable-plugin-autoload", *(word for name in ("nbval", "nbval_gates", "no:cacheprovider") for word in ("-p", name))]
        command = [sys.executable, "-m", "pytest", *plugins, "--nbval", "-q", "--color=no"]
        env = {**os.environ, "PYTHONPATH": str(HERE), "LAB_PROGRESS": "off"}
        limit = "--nbval-cell-timeout=300"
        return subprocess.run([*command, limit, *options, str(path)], cwd=ROOT, env=env, capture_output=True, text=True, timeout=1700)

    return run


@pytest.fixture(scope="session")
def engine_if_needed(request):
    """engine_if_needed(path) skips the test, with the reason, when that lesson needs a Docker Engine and none answers."""

    def require(path):
        if ENGINE in path.read_text("utf-8"):
            request.getfixturevalue("engine")

    return require
