"""The notebooks as they are in the project."""

from lab.course.gates import all_problems
from lab.course.generate import stale


def test_blanks_are_as_generated():
    assert stale() == [], "run: lab notebooks build"


def test_notebooks_keep_the_rules():
    assert all_problems() == []
