"""The `lab` command: help, errors people meet, and a start that loads nothing heavy."""

import subprocess
import sys
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from lab.cli import app as lab_app
from lab.errors import ServiceError

HEAVY = ("langchain", "langchain_core", "chromadb", "numpy", "xllamacpp", "matplotlib", "IPython", "gguf", "ollama")


def fail(words: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    """Fails."""
    raise ServiceError("Chroma does not answer.", "lab up")


@pytest.fixture
def failing(monkeypatch):
    monkeypatch.setattr(lab_app.app, "registered_commands", [])
    lab_app.app.command("fail")(fail)
    lab_app.app.command("other")(lambda: None)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["lab", *arguments])
        lab_app.main()

    return run


def test_an_error_is_two_sentences_and_exit_code_1(failing, capsys):
    with pytest.raises(SystemExit) as stopped:
        failing("fail")
    printed = capsys.readouterr()
    assert stopped.value.code == 1
    assert printed.out == ""
    assert printed.err == "error: Chroma does not answer.\n\nhint: lab up\n"


def test_debug_shows_the_traceback(failing):
    with pytest.raises(ServiceError):
        failing("--debug", "fail")


def test_debug_is_an_option_and_not_any_word_of_the_line(failing, capsys):
    with pytest.raises(SystemExit):
        failing("fail", "--", "--debug")
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize("name", lab_app.COMMANDS)
def test_every_command_has_help_with_an_example(name):
    shown = CliRunner().invoke(lab_app.app, [name, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert "Example: lab" in shown.output


def test_wrong_usage_is_exit_code_2():
    assert CliRunner().invoke(lab_app.app, ["status", "--nonsense"]).exit_code == 2


def test_the_command_loads_nothing_heavy():
    code = f"import sys, lab.cli.app; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
