"""What a person sees while waiting."""

import re
from io import StringIO

import pytest
from rich.console import Console

from lab.stack.progress import Moving, Plain, view_for


@pytest.fixture
def console():
    return Console(file=StringIO(), width=80)


def test_plain_lines_appear_once_for_each_change(console):
    with Plain(console) as view:
        view.show("Chroma", "starting")
        view.show("Chroma", "starting")
        view.show("Chroma", "ready")
    first, second = console.file.getvalue().splitlines()
    assert first == "Chroma: starting"
    assert re.fullmatch(r"Chroma: ready \(\d\.\d s\)", second)


def test_a_moving_view_shows_subject_and_last_state():
    console = Console(file=StringIO(), width=100, force_terminal=True)
    with Moving(console) as view:
        view.show("model m", "fetching", 0.5)
        view.show("model m", "ready")
    shown = console.file.getvalue()
    assert "model m" in shown
    assert "ready" in shown


def test_only_a_terminal_gets_moving_lines(console):
    assert isinstance(view_for(console), Plain)
    assert isinstance(view_for(Console(file=StringIO(), force_terminal=True)), Moving)
