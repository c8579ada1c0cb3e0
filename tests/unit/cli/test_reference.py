"""docs/cli.md is what the commands say of themselves."""

import os
import subprocess
import sys
from pathlib import Path

from lab.settings import ROOT

TYPER = Path(sys.executable).with_name("typer")
MAKE = "typer lab.cli.app utils docs --name lab --output docs/cli.md"


def test_the_reference_of_commands_is_up_to_date(tmp_path):
    made = tmp_path / "cli.md"
    words = [TYPER, *MAKE.split()[1:-1], made]
    subprocess.run(words, cwd=ROOT, env={**os.environ, "COLUMNS": "80"}, check=True, capture_output=True)
    assert made.read_text("utf-8") == (ROOT / "docs/cli.md").read_text("utf-8"), f"run: {MAKE}"
