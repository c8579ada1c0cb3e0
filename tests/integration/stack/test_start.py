"""`lab up` and `lab down` from nothing, and what can go wrong on the way."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from urllib.request import urlopen

from lab.stack.ports import is_free


def begin_until_processes(lab, wait_until):
    """`lab up`, seen until its first service process exists."""
    up = lab.begin("up")
    wait_until(lambda: (lab.home / "lab.json").exists() and lab.pids(), "a first service")
    return up


def test_from_nothing_to_a_running_lab_and_back(lab):
    said = lab.up().stdout
    assert said.startswith("Place: embedded (you chose it")
    address = re.search(r"http://127\.0\.0\.1:\S+token=\S+", said)[0]
    assert urlopen(address, timeout=10).url.split("?")[0].endswith("/lab/tree/notebooks/00_start_here.ipynb")
    status = lab.status()
    assert {service["state"] for service in status["services"]} == {"running"}
    assert {model["name"] for model in status["models"]} == {"smollm2:135m", "all-minilm:latest"}
    urlopen(address.replace("/?", "/api/kernels?"), data=b"{}", timeout=30)  # a notebook is open
    assert lab.run("down").stdout == "Stopped: ollama, chroma, api, jupyter.\n"
    assert lab.processes() == []
    assert (lab.home / "chroma").is_dir()  # data stays


def test_the_token_survives_a_restart(lab):
    def token():
        return json.loads((lab.home / "lab.json").read_text())["settings"]["jupyter_token"]

    lab.up_quickly("chroma")
    first = token()
    lab.run("down")
    assert token() == first
    lab.up_quickly("chroma")
    assert token() == first


def test_a_taken_port_names_owner_and_setting_and_nothing_is_started(lab):
    with socket.create_server(("127.0.0.1", int(lab.env["CHROMA_PORT"]))):
        done = lab.run("up")
    said = done.stderr
    assert done.returncode == 1
    assert f"process {os.getpid()}" in said
    assert "CHROMA_PORT in .env" in said
    assert lab.processes() == []


def test_an_older_chroma_on_the_port_is_not_taken_for_ours(lab, tmp_path, wait_until):
    port, code = lab.env["CHROMA_PORT"], "import chromadb_rust_bindings as b, sys; b.cli(sys.argv)"
    older = [sys.executable, "-c", code, "run", "--path", str(tmp_path / "other"), "--port", port]
    with subprocess.Popen(older, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: not is_free(int(port)), "the older server")
            assert f"process {process.pid}" in lab.run("up").stderr
        finally:
            process.terminate()


def test_a_second_start_at_the_same_time_is_told_so(lab, wait_until):
    first = begin_until_processes(lab, wait_until)
    second = lab.run("up")
    assert (second.returncode, first.wait(120)) == (1, 0), first.stderr.read()
    assert f"process {first.pid}" in second.stderr


def test_ctrl_c_in_mid_start_leaves_nothing_running(lab, wait_until):
    up = begin_until_processes(lab, wait_until)
    up.send_signal(signal.SIGINT)
    assert up.wait(60) == 130
    assert lab.processes() == []


def test_a_start_that_was_killed_is_completed_by_the_next_one_without_doubles(lab, wait_until):
    up = begin_until_processes(lab, wait_until)
    up.kill()
    up.wait(10)
    lab.up()
    assert lab.sessions() == sorted(lab.pids().values())


def test_a_service_that_cannot_start_quotes_its_log_and_the_rest_runs(lab):
    lab.home.mkdir()
    (lab.home / "chroma").write_text("a file where Chroma wants a folder")
    done = lab.run("up")
    assert done.returncode == 1
    assert "Chroma ended during its start" in done.stderr
    assert "lab logs chroma" in done.stderr
    assert lab.states() == {"ollama": "running", "chroma": "died", "api": "running", "jupyter": "running"}
    (lab.home / "chroma").unlink()
    lab.up()
    assert set(lab.states().values()) == {"running"}


def test_a_service_that_takes_too_long_is_named_with_what_was_awaited(lab):
    done = lab.run("up", START_TIMEOUT="0.01")
    assert done.returncode == 1
    assert f"did not answer at http://127.0.0.1:{lab.env['JUPYTER_PORT']} within 0.01 s" in done.stderr


def test_stopping_ends_what_a_killed_service_left_behind(lab):
    lab.up_quickly("chroma")
    os.kill(lab.pids()["chroma"], signal.SIGKILL)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, env={**lab.env, "LAB_SERVICE": "chroma"}) as orphan:
        assert f"Stopped: process {orphan.pid}" in lab.run("down").stdout
        assert orphan.wait(10) != 0


def test_a_stopped_lab_forgets_its_choices_but_not_its_secrets(lab):
    lab.up_quickly("chroma")
    lab.run("down")
    assert set(json.loads((lab.home / "lab.json").read_text())["settings"]) == {"redis_password", "jupyter_token", "grafana_password"}


def test_stopping_ends_the_kernels_of_a_killed_jupyterlab_at_once(lab):
    lab.up_quickly("jupyter")
    settings = json.loads((lab.home / "lab.json").read_text())["settings"]
    urlopen(f"http://127.0.0.1:{settings['jupyter_port']}/api/kernels?token={settings['jupyter_token']}", data=b"{}", timeout=30)
    os.kill(lab.pids()["jupyter"], signal.SIGKILL)
    lab.run("down")
    assert lab.processes() == []
