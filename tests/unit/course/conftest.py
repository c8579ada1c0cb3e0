"""Notebooks and exercises made for a test, and a progress file of its own."""

import nbformat
import pytest

from lab.course import exercise as register
from lab.course.notebook import code_digest
from lab.settings import get_settings


def _cell(kind, source, id, tags=(), **more):
    cell = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}[kind](source, **more)
    cell.id = id
    if tags:
        cell.metadata["tags"] = list(tags)
    return cell


@pytest.fixture
def markdown():
    return lambda source, id="prose": _cell("markdown", source, id)


@pytest.fixture
def code():
    return lambda source, id="code", tags=(), **more: _cell("code", source, id, tags, **more)


@pytest.fixture
def result():
    """An output as a cell's last expression stores it."""
    return lambda plain, **data: nbformat.v4.new_output("execute_result", {"text/plain": plain, **data}, execution_count=1)


@pytest.fixture
def notebook():
    """A notebook whose digest says that its outputs come from its code."""

    def make(*cells):
        made = nbformat.v4.new_notebook(cells=list(cells))
        made.metadata["lab"] = {"ran": code_digest(made)}
        return made

    return make


@pytest.fixture
def lab_home(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.setenv("LAB_PROGRESS", "on")
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


@pytest.fixture
def only_exercises(monkeypatch):
    """Empty the register for one test; what the test registers is gone after it."""
    register.all_exercises()
    monkeypatch.setattr(register, "_register", {})
    return register.exercise
