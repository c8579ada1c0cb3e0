"""lab eval: options that would be ignored are refused."""

import pytest
from typer.testing import CliRunner

from lab.cli.app import app
from lab.errors import InputError


@pytest.mark.parametrize("options", [["--plot", "a.png"], ["--language", "ja"], ["--compare", "last"], ["--retrieval-only"]])
def test_a_calibration_refuses_options_that_it_would_not_heed(options):
    error = CliRunner().invoke(app, ["eval", "--calibrate", *options]).exception
    assert isinstance(error, InputError)
    assert error.what == f"--calibrate does not go together with {options[0]}."
