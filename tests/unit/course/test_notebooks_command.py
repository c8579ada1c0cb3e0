"""lab notebooks build | check | run."""

import nbformat
import pytest
import typer
from typer.testing import CliRunner

from lab.cli import notebooks as command_module
from lab.errors import InputError, ServiceError

app = typer.Typer()
app.command()(command_module.command)


@pytest.fixture
def project(tmp_path, monkeypatch, notebook, markdown, code, result):
    """The command works on a project with one good solution instead of this one."""
    cells = [markdown("# One", "title"), code("1 + 1", "sum", outputs=[result("2")], execution_count=1)]
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions/00_x.ipynb").write_text(nbformat.writes(notebook(*cells)))
    monkeypatch.setattr(command_module, "ROOT", tmp_path)
    return tmp_path


def lab_notebooks(*words):
    return CliRunner().invoke(app, list(words))


def test_check_is_red_before_and_green_after_build(project):
    before = lab_notebooks("check")
    assert (before.exit_code, "notebooks/00_x.ipynb: is not as generated" in before.stdout) == (1, True)
    assert "wrote notebooks/00_x.ipynb" in lab_notebooks("build").stdout
    assert lab_notebooks("check").exit_code == 0


def test_check_tells_a_broken_rule(project):
    lab_notebooks("build")
    path = project / "solutions/00_x.ipynb"
    path.write_text(path.read_text().replace("1 + 1", "1 + 2"))
    assert "its code changed after its outputs were stored" in lab_notebooks("check").stdout


def test_check_writes_nothing(project):
    before = {path: path.read_bytes() for path in project.rglob("*.ipynb")}
    lab_notebooks("check")
    assert {path: path.read_bytes() for path in project.rglob("*.ipynb")} == before


@pytest.mark.parametrize("action", ["build", "check"])
def test_files_are_for_run_only(project, action):
    done = lab_notebooks(action, "solutions/00_x.ipynb")
    assert isinstance(done.exception, InputError)


def test_run_without_a_lab_says_how_to_start_it(project, lab_home, free_port, monkeypatch):
    for name in ("OLLAMA_PORT", "CHROMA_PORT", "JUPYTER_PORT"):
        monkeypatch.setenv(name, str(free_port()))
    monkeypatch.setenv("OLLAMA_HOST", "")
    done = lab_notebooks("run")
    assert isinstance(done.exception, ServiceError)
    assert "lab up" in done.exception.hint


def test_an_unknown_action_is_wrong_usage(project):
    assert lab_notebooks("bake").exit_code == 2
