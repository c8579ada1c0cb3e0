"""The tests themselves: what a developer has set must not decide about them."""

import os
import subprocess
import sys

from lab.settings import ROOT, Settings

PROBE = """
import os, subprocess, sys
from lab.settings import load_settings
CHILD = [sys.executable, "-c", "from lab.settings import load_settings; print(load_settings().top_k)"]

def test_here(): assert load_settings().top_k == 4

def test_in_a_child(): assert subprocess.run(CHILD, capture_output=True, text=True, check=True).stdout == "4\\n"
"""


def test_variables_and_an_env_file_of_the_developer_change_no_test(tmp_path):
    (tmp_path / "test_probe.py").write_text(PROBE)
    (tmp_path / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text("utf-8"))
    (tmp_path / "own.env").write_text("TOP_K=8\n")
    for own in ({"TOP_K": "9"}, {"LAB_ENV_FILE": str(tmp_path / "own.env")}):
        words = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(tmp_path), str(tmp_path)]
        done = subprocess.run(words, env={**os.environ, **own}, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_no_setting_is_left_from_outside():
    assert Settings.model_config["env_file"] is None
    assert os.environ["LAB_ENV_FILE"] == os.devnull
