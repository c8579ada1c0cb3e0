"""The native place: somebody's own server is used, completed, and left running."""

import subprocess
import sys

import pytest

from lab.settings import Settings
from lab.stack.services import OLLAMA


@pytest.fixture
def somebodys(tmp_path, lab_variables, wait_until):
    """A server with an empty store that is none of the lab's; gives its address."""
    env = lab_variables(tmp_path / "somebody")
    with subprocess.Popen([sys.executable, "-m", "lab.engine", "serve"], env=env, stderr=subprocess.DEVNULL) as server:
        try:
            settings = Settings(ollama_host=env["OLLAMA_HOST"])
            wait_until(lambda: OLLAMA.answer(settings), "somebody's server")
            yield env["OLLAMA_HOST"], server
        finally:
            server.terminate()


@pytest.fixture
def native(make_lab, tmp_path, somebodys):
    """A lab that may choose, beside that server."""
    with make_lab(tmp_path / "home", OLLAMA_HOST=somebodys[0], LAB_PLACE="") as lab:
        yield lab


def test_a_server_that_answers_is_used_and_gets_the_missing_models(native, somebodys):
    assert native.up().stdout.startswith(f"Place: native (an Ollama server answers at {somebodys[0]})")
    status = native.status()
    assert [service["state"] for service in status["services"]] == ["running"] * 3
    assert {model["name"] for model in status["models"]} == {"smollm2:135m", "all-minilm:latest"}
    assert sorted(native.pids()) == ["chroma", "jupyter"]


def test_stopping_the_lab_leaves_it_running(native, somebodys):
    native.up()
    native.run("down")
    assert somebodys[1].poll() is None
    assert native.processes() == []


def test_when_it_goes_away_the_lab_says_whose_turn_it_is(native, somebodys):
    native.up()
    somebodys[1].terminate()
    somebodys[1].wait(10)
    assert native.states()["ollama"] == "stopped"
    done = native.run("up")
    assert done.returncode == 1
    assert "ollama serve" in done.stderr


def test_a_model_it_cannot_fetch_is_an_error_with_the_setting_to_change(native):
    done = native.run("up", CHAT_MODEL="no-such-model")
    assert done.returncode == 1
    assert "Set CHAT_MODEL in .env" in done.stderr
