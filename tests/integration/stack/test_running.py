"""A running lab: what it tells, also when a service fails, and that `lab up` brings back what is missing."""

import json
import os
import signal

import psutil
import pytest

SERVICES = ("ollama", "chroma", "api", "jupyter")
ALL_RUN = dict.fromkeys(SERVICES, "running")


def test_all_services_listen_on_this_machine_only(started):
    found = [
        c.laddr.ip for pid in started.pids().values() for c in psutil.Process(pid).net_connections("tcp") if c.status == psutil.CONN_LISTEN
    ]
    assert len(found) >= len(SERVICES)
    assert set(found) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_killed_service_is_told_and_brought_back_alone(started, name, wait_until):
    before = started.pids()
    os.kill(before[name], signal.SIGKILL)
    wait_until(lambda: started.states()[name] == "died", f"{name} to be told as died")
    assert started.run("status").returncode == 1
    started.up()
    assert started.states() == ALL_RUN
    assert {other for other in SERVICES if started.pids()[other] != before[other]} == {name}


def test_a_service_that_hangs_is_told_and_replaced(started):
    os.kill(started.pids()["chroma"], signal.SIGSTOP)
    assert started.states()["chroma"] == "unhealthy"
    started.up()
    assert started.states() == ALL_RUN


def test_a_second_start_changes_nothing(started):
    before = started.pids()
    started.up()
    assert started.pids() == before


def test_a_second_start_does_not_load_what_reads_documents(started):
    code = "import sys; from lab.stack.lifecycle import up; up(); sys.exit('langchain_core' in sys.modules)"
    assert started.python(code).returncode == 0


def test_documents_that_a_rebuild_with_another_folder_removed_come_back(started, tmp_path):
    (tmp_path / "note.md").write_text("# Note\n\nContainers share the kernel of their host.\n")
    assert started.run("ingest", "--rebuild", str(tmp_path)).returncode == 0
    assert "documents: reading" in started.up().stderr
    assert "documents: reading" not in started.up().stderr


def test_a_half_written_state_file_is_told_and_healed_without_doubles(started):
    file = started.home / "lab.json"
    file.write_text(file.read_text()[:100])
    assert "cannot be read" in started.run("doctor").stdout
    started.up()
    assert started.states() == ALL_RUN
    assert started.sessions() == sorted(started.pids().values())


def test_a_changed_port_moves_the_service(started, free_port):
    port = str(free_port())
    started.up(CHROMA_PORT=port)
    chroma = started.status(CHROMA_PORT=port)["services"][1]
    assert (chroma["state"], chroma["url"]) == ("running", f"http://127.0.0.1:{port}")
    started.up()  # and back, for the next test


def test_another_place_asks_to_stop_first(started):
    done = started.run("up", "--place", "native")
    assert done.returncode == 1
    assert "`lab down` first" in done.stderr


def test_the_doctor_has_nothing_to_mend_while_the_lab_runs(started):
    findings = json.loads(started.run("doctor", "--full", "--json").stdout)["findings"]
    assert [finding for finding in findings if finding["command"] != "make up"] == []  # that one is about the tester's own machine


def test_logs_show_what_a_service_wrote(started):
    assert "Serving notebooks" in started.run("logs", "jupyter").stdout
    assert len(started.run("logs", "chroma", "-n", "3").stdout.splitlines()) == 3
