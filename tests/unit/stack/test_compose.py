"""The `docker compose` command: what it is given, what it tells, and that an interruption ends it."""

import os
import signal
import stat

import pytest

from lab.errors import SettingError
from lab.settings import ROOT
from lab.stack.compose import VARIABLES, Compose, parse


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """`docker("shell script")` is then the docker program."""

    def put(script):
        program = tmp_path / "bin" / "docker"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    return put


def test_the_token_is_handed_over_by_the_environment_only(settings):
    compose = Compose(settings.model_copy(update={"jupyter_token": "s3cret"}))
    assert not any("s3cret" in word for word in compose.words("up"))
    assert compose.environment()["JUPYTER_TOKEN"] == "s3cret"


def test_compose_gets_the_settings_of_the_lab(settings):
    env = Compose(settings).environment()
    assert env["CHROMA_PORT"] == str(settings.chroma_port)
    assert {name.upper() for name in VARIABLES} <= set(env)


def test_overrides_come_after_the_main_file_and_own_files_last(settings, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("services: {}\n")
    files = Compose(settings.model_copy(update={"lab_compose_files": f" {own} ,"}), ["compose.gpu.yaml"]).files
    assert files == ["compose.yaml", "compose.gpu.yaml", str(own)]


def test_a_file_that_is_not_there_is_named_before_anything_starts(settings):
    with pytest.raises(SettingError, match=r"LAB_COMPOSE_FILES names .*nowhere.yaml"):
        Compose(settings.model_copy(update={"lab_compose_files": "nowhere.yaml"}))


def test_events_come_as_they_are_told_and_end_with_the_exit_code(settings, docker):
    docker("""echo '{"id":"x"}'; echo a remark >&2; exit 3""")
    assert list(Compose(settings).events("up")) == [{"id": "x"}, {"remark": "a remark"}, {"code": 3}]


def test_it_works_in_the_projects_folder(settings, docker):
    docker("pwd")
    assert next(Compose(settings).events("up")) == {"remark": str(ROOT)}


def test_an_interrupted_start_ends_compose_as_ctrl_c_would(settings, docker, tmp_path):
    docker(f"trap 'touch {tmp_path}/ended; exit 130' INT; echo begun; while :; do sleep 0.05; done")
    events = Compose(settings).events("up")
    assert next(events) == {"remark": "begun"}
    with pytest.raises(KeyboardInterrupt):
        events.throw(KeyboardInterrupt)
    assert (tmp_path / "ended").exists()


def test_ctrl_c_in_the_terminal_does_not_reach_compose_by_itself(settings, docker):
    docker("echo $$; exec sleep 60")
    events = Compose(settings).events("up")
    process = int(next(events)["remark"])
    assert os.getpgid(process) != os.getpgid(0)
    os.kill(process, signal.SIGKILL)
    assert list(events) == [{"code": -signal.SIGKILL}]


@pytest.mark.parametrize("line", ["", "[1]", "{", "3", "text"])
def test_a_line_that_is_no_event_is_a_remark(line):
    assert parse(line + "\n") == {"remark": line}
