"""A process that ends with its caller."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.tied import Tied

SLEEPS = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"]
CALLER = (
    "import sys, time; from pathlib import Path; from lab.tied import Tied; print(Tied({!r}, Path({!r})).pid, flush=True); time.sleep(60)"
)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def log(tmp_path):
    return tmp_path / "process.log"


def test_it_runs_writes_its_log_and_ends_when_asked(log, wait_until):
    process = Tied(SLEEPS, log)
    wait_until(lambda: log.exists() and "here" in log.read_text(), "the process to write")
    assert (process.runs, alive(process.pid)) == (True, True)
    process.stop()
    assert (process.runs, alive(process.pid)) == (False, False)
    process.stop()


def test_one_that_ended_by_itself_does_not_run(log, wait_until):
    process = Tied([sys.executable, "-c", "pass"], log)
    wait_until(lambda: not process.runs, "its end")
    process.stop()


def test_a_kill_takes_what_it_started_with_it(log, wait_until):
    child = f"import subprocess, sys, time; print(subprocess.Popen({SLEEPS!r}).pid, flush=True); time.sleep(60)"
    process = Tied([sys.executable, "-c", child], log)
    wait_until(lambda: log.exists() and log.read_text().split(), "the child's number")
    number = int(log.read_text().split()[0])
    process.kill()
    wait_until(lambda: not alive(process.pid) and not alive(number), "the end of both")


def test_it_ends_with_a_caller_that_is_killed(log, wait_until):
    caller = subprocess.Popen([sys.executable, "-c", CALLER.format(SLEEPS, str(log))], stdout=subprocess.PIPE, text=True)
    pid = int(caller.stdout.readline())
    assert alive(pid)
    caller.kill()
    caller.communicate()
    wait_until(lambda: not alive(pid), "the end of the process")


def test_its_variables_and_folder_are_those_given(tmp_path, log, wait_until):
    command = [sys.executable, "-c", "import os; print(os.environ['WORD'], os.getcwd())"]
    Tied(command, log, {**os.environ, "WORD": "told"}, tmp_path)
    wait_until(lambda: log.exists() and log.read_text().split(), "its words")
    assert log.read_text().split() == ["told", str(tmp_path)]
