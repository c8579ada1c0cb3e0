"""lab eval --against: what it says of a loss."""

import pytest
from typer.testing import CliRunner

from lab.cli.app import app
from lab.evaluate import runs
from lab.settings import get_settings


@pytest.fixture
def worse(tmp_path, monkeypatch, make_run, found):
    """Two stored runs in a lab of its own; `lab eval` then measures one that is worse than both, and stores it."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    get_settings.cache_clear()

    def run(day: int, *grades: int):
        rows = [found(f"q{number}", *grades) for number in range(20)]
        about = {"time": f"2026-01-0{day}T00:00:00+00:00", "settings": {"retrieval_mode": "hybrid"}, "documents": "d"}
        return {**make_run(rows, [], **about), "name": runs.save(make_run(rows, [], **about), get_settings()).stem}

    run(1, 2), run(2, 2)
    monkeypatch.setattr("lab.cli.eval._measured", lambda *_: run(3, 0))
    yield tmp_path / "evaluations"
    get_settings.cache_clear()


@pytest.mark.parametrize(("against", "named"), [("last", "2026-01-02T00-00-00"), ("2026-01-01T00-00-00",) * 2])
def test_the_hint_and_the_table_name_the_baseline_and_not_the_new_run(worse, against, named):
    said = CliRunner().invoke(app, ["eval", "--against", against])
    assert said.exit_code == 1
    assert f"lab eval --compare {named} --compare last" in said.stderr
    assert f"Against {named}" in said.stdout


def test_a_file_stays_the_file_in_the_hint(worse):
    file = worse / "2026-01-01T00-00-00.json"
    said = CliRunner().invoke(app, ["eval", "--against", str(file)])
    assert f"lab eval --compare {file} --compare last" in said.stderr
