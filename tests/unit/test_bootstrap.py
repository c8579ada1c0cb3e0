"""The set-up tells a complete environment from a missing, a half-made and an outdated one."""

import os
import sys

import pytest

from lab import bootstrap


@pytest.fixture
def home(tmp_path, monkeypatch):
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (tmp_path / "requirements.lock").write_text("one==1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(bootstrap, "VENV", venv)
    monkeypatch.setattr(bootstrap, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(bootstrap, "MADE", venv / "lab-made")
    monkeypatch.setattr(bootstrap, "STAMP", venv / "lab-complete")
    return tmp_path


def finish(home):
    (home / ".venv/bin/python").symlink_to(sys.executable)
    (home / ".venv/lab-made").touch()
    (home / ".venv/lab-complete").write_text(bootstrap.fingerprint())


def test_an_environment_without_python_is_not_usable(home):
    assert not bootstrap.usable()


def test_an_environment_whose_python_was_removed_is_not_usable(home):
    (home / ".venv/bin/python").symlink_to(home / "gone")
    assert not bootstrap.usable()


def test_an_environment_whose_python_does_not_start_is_not_usable(home):
    python = home / ".venv/bin/python"
    python.write_text("#!/bin/sh\nexit 3\n")
    python.chmod(0o755)
    (home / ".venv/lab-made").touch()
    assert not bootstrap.usable()


def test_an_environment_that_was_interrupted_before_pip_is_not_usable(home):
    (home / ".venv/bin/python").symlink_to(sys.executable)
    assert not bootstrap.usable()


def test_a_finished_environment_is_complete(home):
    finish(home)
    assert bootstrap.usable()
    assert bootstrap.complete()


def test_an_interrupted_environment_is_not_complete(home):
    finish(home)
    (home / ".venv/lab-complete").unlink()
    assert not bootstrap.complete()


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_a_changed_list_of_packages_asks_for_a_new_set_up(home, changed):
    finish(home)
    (home / changed).write_text("two==2\n")
    assert not bootstrap.complete()


def test_the_index_that_pip_uses_is_handed_to_uv(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://mirror.example/simple")
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.delenv("UV_INDEX_URL", raising=False)
    assert bootstrap.index_address() == {"UV_DEFAULT_INDEX": "http://mirror.example/simple"}


def test_an_index_chosen_for_uv_stays(monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://own.example/simple")
    assert bootstrap.index_address() == {}


def test_a_failed_step_ends_with_the_next_action(capsys):
    with pytest.raises(SystemExit) as stopped:
        bootstrap.run([sys.executable, "-c", "raise SystemExit(3)"])
    assert "this step failed" in str(stopped.value)
    assert "hint:" in str(stopped.value)


def test_steps_see_the_environment_they_install_into(capfd):
    bootstrap.run([sys.executable, "-c", "import os; print(os.environ['VIRTUAL_ENV'])"])
    assert capfd.readouterr().out.strip() == os.fspath(bootstrap.VENV)
