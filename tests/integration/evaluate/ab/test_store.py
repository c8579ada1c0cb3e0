"""The store under several processes, and after SIGKILL."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from lab.evaluate.ab import ABTestManager, ExperimentVariant

HALVES = [ExperimentVariant("a", {}, 0.5), ExperimentVariant("b", {}, 0.5)]
WRITER = """
import sys
from pathlib import Path
from lab.evaluate.ab import ABTestManager, ExperimentVariant
manager = ABTestManager(Path(sys.argv[1]))
manager.create_experiment("e", [ExperimentVariant("a", {}, 0.5), ExperimentVariant("b", {}, 0.5)])
for number in range(int(sys.argv[2])):
    with manager.observe(f"user_{number}", "e") as seen:
        seen.record({"mrr": 1.0, "search_ms": 2.0})
    print(number, flush=True)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "experiments.sqlite3"


def writer(file: Path, users: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(file), str(users)], stdout=subprocess.PIPE, text=True)


def test_several_processes_record_at_once(file):
    started = [writer(file, 50) for _ in range(3)]
    for one in started:
        one.communicate(timeout=120)
    manager = ABTestManager(file)
    assert [one.returncode for one in started] == [0, 0, 0]
    assert sum(manager.report("e").users.values()) == 50  # the same users: each is exposed once
    assert len(manager.store.results(manager.experiment("e"))) == 3 * 50 * 3


def test_what_was_recorded_survives_a_kill(file):
    one = writer(file, 10_000)
    assert one.stdout
    told = [one.stdout.readline() for _ in range(20)]
    os.kill(one.pid, signal.SIGKILL)
    one.wait(timeout=20)
    manager = ABTestManager(file)
    rows = manager.store.results(manager.experiment("e"))
    assert told[-1].strip() == "19"
    assert len({row.user for row in rows}) >= 20
    assert len(rows) % 3 == 0  # a question is stored whole or not at all


def test_a_killed_writer_leaves_a_sound_file_and_no_lock(file):
    one = writer(file, 10_000)
    assert one.stdout
    one.stdout.readline()
    os.kill(one.pid, signal.SIGKILL)
    one.wait(timeout=20)
    manager = ABTestManager(file)
    manager.record_result("e", "a", "mrr", 0.5)
    assert sqlite3.connect(file).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_forked_child_has_its_own_connection(file):
    manager = ABTestManager(file)
    manager.create_experiment("e", HALVES)
    child = os.fork()
    if not child:
        manager.record_result("e", "a", "mrr", 1.0)
        os._exit(0)
    manager.record_result("e", "a", "mrr", 0.0)
    assert os.waitpid(child, 0)[1] == 0
    assert manager.analyze_results("e", "mrr")["a"]["count"] == 2
