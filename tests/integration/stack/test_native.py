"""The native place: somebody's own server is used, completed, and left running."""

import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

from lab.settings import Settings
from lab.stack.services import OLLAMA


@pytest.fixture(scope="module")
def serve(lab_variables, tmp_path_factory, wait_until):
    """`with serve(models) as (address, process)` is a server that is none of the lab's."""

    @contextmanager
    def run(models):
        env = {**lab_variables(tmp_path_factory.mktemp("somebody")), "OLLAMA_MODELS": str(models)}
        with subprocess.Popen([sys.executable, "-m", "lab.engine", "serve"], env=env, stderr=subprocess.DEVNULL) as server:
            try:
                wait_until(lambda: OLLAMA.answer(Settings(ollama_host=env["OLLAMA_HOST"])), "somebody's server")
                yield env["OLLAMA_HOST"], server
            finally:
                server.terminate()

    return run


@pytest.fixture(scope="module")
def native(make_lab, tmp_path_factory, serve):
    """A lab that wants the native place, beside a server whose store was empty."""
    with serve(tmp_path_factory.mktemp("store")) as (address, _):  # noqa: SIM117 - the lab stops before the server does
        with make_lab(tmp_path_factory.mktemp("home"), OLLAMA_HOST=address, LAB_PLACE="native") as lab:
            lab.said = lab.up().stdout
            yield lab


@pytest.fixture
def beside(make_lab, tmp_path, serve, models):
    """A lab and the server it uses, of which only Chroma is started."""
    with serve(models) as (address, server):  # noqa: SIM117
        with make_lab(tmp_path / "home", OLLAMA_HOST=address, LAB_PLACE="native") as lab:
            lab.up_quickly("chroma")
            yield lab, server


def test_a_server_that_answers_is_used_and_the_reason_says_so(native):
    assert native.said.startswith(f"Place: native (an Ollama server answers at {native.env['OLLAMA_HOST']})")
    assert sorted(native.pids()) == ["api", "chroma", "jupyter"]
    assert set(native.states().values()) == {"running"}


def test_it_gets_the_models_that_it_lacks(native):
    assert {model["name"] for model in native.status()["models"]} == {"smollm2:135m", "all-minilm:latest"}


def test_a_model_it_cannot_fetch_is_an_error_with_the_setting_to_change(native):
    done = native.run("up", CHAT_MODEL="no-such-model")
    assert done.returncode == 1
    assert "Set CHAT_MODEL in .env" in done.stderr


def test_stopping_the_lab_leaves_it_running(beside):
    lab, server = beside
    lab.run("down")
    assert lab.processes() == []
    assert server.poll() is None


def test_an_embedded_engine_of_another_lab_is_used_and_left_running(make_lab, tmp_path, serve, models):
    with serve(models) as (address, server):
        with make_lab(tmp_path / "home", OLLAMA_HOST=address, LAB_PLACE="") as lab:
            lab.up_quickly("ollama", "chroma")
            lab.up_quickly("ollama", "chroma")
            status = lab.status()
            assert (status["place"], list(lab.pids()), lab.states()["ollama"]) == ("embedded", ["chroma"], "running")
        assert server.poll() is None


def test_when_it_goes_away_the_lab_says_how_to_start_it(beside):
    lab, server = beside
    server.terminate()
    server.wait(10)
    assert lab.states()["ollama"] == "stopped"
    done = lab.run("up")
    assert done.returncode == 1
    assert "ollama serve" in done.stderr


def test_the_program_on_the_path_is_started_with_the_lab_and_stopped_with_it(make_lab, tmp_path):
    program = tmp_path / "bin" / "ollama"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m lab.engine "$@"\n')
    program.chmod(0o755)
    with make_lab(tmp_path / "home", LAB_PLACE="", PATH=f"{program.parent}:{os.environ['PATH']}") as lab:
        lab.up_quickly("ollama")
        assert lab.status()["reason"] == "the program `ollama` is installed"
        assert lab.states()["ollama"] == "running"
        lab.run("down")
        assert lab.processes() == []
