"""Lessons on containers, on a machine without a Docker Engine: they stop at their first cells, with the sentence that helps."""

import pytest

from lab.course.execute import execute
from lab.course.notebook import read
from lab.errors import LabError
from lab.settings import ROOT

LESSONS = [path for path in sorted((ROOT / "notebooks").glob("*.ipynb")) if "require_engine()" in path.read_text("utf-8")]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_lesson_stops_and_says_how_to_get_an_engine(path, monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    with pytest.raises(LabError, match="No Docker Engine was found") as stopped:
        execute(read(path), path.parent)
    assert "Install Docker, or start it" in str(stopped.value)


def test_they_are_01_to_04_and_12b():
    assert [path.stem[:2] for path in LESSONS] == ["01", "02", "03", "04", "12"]
