"""lab bench: names are checked before anything is measured, and the figures are kept."""

import json

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from benchmarks.__main__ import NAMES
from lab.cli import bench
from lab.cli.app import app
from lab.errors import InputError
from lab.settings import get_settings

ROW = {"name": "x", "unit": "ratio", "ratio": 1.5, "goal": "<=", "limit": 2, "holds": True, "note": ""}


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """Names that were measured; none takes any time."""
    names = []
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.setattr(bench, "measure", lambda wanted: names.append(wanted) or [ROW])
    get_settings.cache_clear()
    yield names
    get_settings.cache_clear()


def test_a_measurement_that_does_not_exist_lists_those_that_do(measured):
    with pytest.raises(InputError) as error:
        bench.command(["engine", "foo"])
    assert (error.value.what, error.value.hint) == ("There is no measurement foo.", f"Choose from: {', '.join(NAMES)}.")
    assert measured == []


def test_the_figures_are_kept_in_the_state_folder(measured, tmp_path):
    assert CliRunner().invoke(app, ["bench", "engine"]).exit_code == 0
    assert measured == [["engine"]]
    assert json.loads((tmp_path / "bench.json").read_text()) == [ROW]


def test_the_help_names_every_measurement():
    named = next(one for one in get_command(app).commands["bench"].params if one.name == "names")  # as printed, it is broken into lines
    assert f"Which: {', '.join(NAMES)}." in named.help
