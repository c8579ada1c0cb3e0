"""Processes: recognised for certain, stopped with all they started, never confused with another."""

import os
import sys
from dataclasses import replace

import psutil
import pytest

from lab.stack.process import alive, family, find, leftovers, listens, start, stop, tail

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
STUBBORN = [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"]
PARENT = [sys.executable, "-c", "import subprocess, sys; subprocess.Popen([sys.executable, *sys.argv[1:]]).wait()", *SLEEPER[1:]]


@pytest.fixture
def launch(tmp_path, wait_until):
    """Starts a command as a service of a lab in this folder, and ends it with the test."""
    records = []

    def run(command, home=tmp_path, service="sleeper"):
        env = {**os.environ, "LAB_HOME": str(home), "LAB_SERVICE": service}
        records.append(start(command, env, tmp_path / "logs" / f"{len(records)}.log", "print"))
        wait_until(lambda: "up" in tail(tmp_path / "logs" / f"{len(records) - 1}.log", 5), "the process to run")
        return records[-1]

    yield run
    stop([process for record in records if (process := find(record))], grace=0.2)


def test_a_started_process_is_found_by_its_record(launch):
    record = launch(SLEEPER)
    assert find(record).pid == record.pid


def test_it_has_a_session_of_its_own(launch):
    record = launch(SLEEPER)
    assert os.getsid(record.pid) == record.pid != os.getsid(0)


def test_a_reused_process_id_is_not_taken_for_ours(launch):
    record = launch(SLEEPER)
    assert find(replace(record, created=record.created - 60)) is None


def test_a_killed_process_is_not_found_although_its_parent_did_not_take_note(launch, wait_until):
    record = launch(SLEEPER)
    os.kill(record.pid, 9)
    wait_until(lambda: find(record) is None, "the record to be void")


def test_stopping_ends_the_descendants_too(launch):
    record = launch(PARENT)
    members = family(find(record))
    stop([find(record)])
    assert len(members) == 2
    assert not any(map(alive, members))


def test_what_does_not_end_by_itself_is_killed_and_named(launch):
    process = find(launch(STUBBORN))
    assert stop([process], grace=0.2) == [process]
    assert not alive(process)


def test_stopping_what_has_ended_is_no_error(launch):
    process = find(launch(SLEEPER))
    process.kill()
    assert stop([process]) == []


def test_a_process_without_a_record_is_found_as_left_over(launch, tmp_path):
    record = launch(SLEEPER)
    assert [process.pid for process in leftovers(tmp_path, [])] == [record.pid]


def test_descendants_of_a_known_process_are_not_left_over(launch, tmp_path):
    record = launch(PARENT)
    assert leftovers(tmp_path, [find(record)]) == []


def test_processes_of_another_lab_are_not_left_over(launch, tmp_path):
    launch(SLEEPER, home=tmp_path / "other")
    assert leftovers(tmp_path, []) == []


def test_what_a_learner_started_from_jupyterlab_is_not_left_over(launch, tmp_path):
    launch(SLEEPER, service="jupyter")
    assert leftovers(tmp_path, []) == []


@pytest.mark.parametrize("word", ["--config=x/jupyter_server_config.py", "/x/kernel-422bc41e-b793-4f20-ab2f-d0557314449c.json"])
def test_jupyterlab_itself_and_its_kernels_are_left_over(launch, tmp_path, word):
    record = launch([*SLEEPER, word], service="jupyter")
    assert [process.pid for process in leftovers(tmp_path, [])] == [record.pid]


def test_this_process_and_its_parents_are_never_left_over(monkeypatch, tmp_path):
    monkeypatch.setattr(psutil.Process, "environ", lambda self: {"LAB_SERVICE": "jupyter", "LAB_HOME": str(tmp_path)})
    found = {process.pid for process in leftovers(tmp_path, [])}
    assert not found & {os.getpid(), os.getppid()}


def test_a_listener_is_told_from_an_idle_process(launch, free_port):
    port = free_port()
    server = launch(
        [sys.executable, "-c", f"import socket as s; l=s.create_server(('127.0.0.1', {port})); print('up', flush=True); l.accept()"]
    )
    assert listens(find(server), port)
    assert not listens(find(launch(SLEEPER)), port)


def test_a_large_log_is_set_aside(launch, tmp_path, monkeypatch):
    monkeypatch.setattr("lab.stack.process.LARGE_LOG", 10)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "0.log").write_text("old line\n" * 5)
    launch(SLEEPER)
    assert "old line" in (tmp_path / "logs" / "0.log.1").read_text()
    assert "old line" not in (tmp_path / "logs" / "0.log").read_text()


def test_a_program_that_does_not_exist_is_an_oserror(tmp_path):
    with pytest.raises(OSError, match="no-such-program"):
        start(["/no-such-program"], {}, tmp_path / "x.log", "")


def test_the_tail_of_a_missing_log_is_empty(tmp_path):
    assert tail(tmp_path / "none.log", 5) == []


def test_the_tail_begins_where_this_start_began(tmp_path):
    log = tmp_path / "x.log"
    log.write_text("before\nafter\n")
    assert tail(log, 5, start=7) == ["after"]
