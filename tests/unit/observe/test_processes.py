import os
import subprocess

import pytest

from lab.observe import processes

DEAD = 2**22 + 1  # above the largest number that Linux gives to a process


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(processes.VARIABLE, str(tmp_path / "metrics"))
    return tmp_path / "metrics"


def test_without_the_variable_a_process_counts_for_itself(monkeypatch):
    monkeypatch.delenv(processes.VARIABLE, raising=False)
    processes.begin(os.getpid())
    assert processes.folder() is None


def test_the_first_process_of_a_run_empties_the_folder_and_the_second_leaves_it(folder):
    processes.begin(os.getpid())
    (folder / "counter_1.db").touch()
    processes.begin(os.getpid())
    assert (folder / "counter_1.db").exists()
    processes.begin(DEAD)
    assert not (folder / "counter_1.db").exists()


def test_a_family_has_a_folder_of_its_own_and_those_of_the_dead_go(folder):
    (folder / f"worker-{DEAD}").mkdir(parents=True)
    processes.begin_family(folder.parent / "unused", "worker")
    assert [place.name for place in folder.iterdir()] == [f"worker-{os.getpid()}"]
    assert processes.folder() == folder / f"worker-{os.getpid()}"


def test_gauges_of_a_dead_process_go_and_its_counts_stay(folder):
    processes.begin(os.getpid())
    kept = [folder / f"gauge_livesum_{os.getpid()}.db", folder / f"counter_{DEAD}.db"]
    for file in (*kept, folder / f"gauge_livesum_{DEAD}.db"):
        file.touch()
    with pytest.raises(Exception, match="unpack"):  # empty files hold no numbers; those of the dead are gone before they are read
        list(processes.AllProcesses().collect())
    assert sorted(folder.glob("*.db")) == sorted(kept)


def test_a_process_that_nobody_waited_for_is_dead():
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not processes._lives(str(child.pid))
    child.wait()
