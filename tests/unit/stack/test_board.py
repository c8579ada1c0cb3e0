"""The board: the same in a widget and in text, readable without sight and without colour."""

from html.parser import HTMLParser

import pytest

from lab.course import live
from lab.stack import board as module
from lab.stack.board import as_html, as_text, board
from lab.stack.models import ModelState
from lab.stack.status import ServiceState, Status

STATUS = Status(
    "embedded",
    "no Ollama at http://127.0.0.1:5",
    [
        ServiceState("ollama", "Ollama", "running", "http://127.0.0.1:5", "2026-01-01T00:00:00+00:00", "embedded engine"),
        ServiceState("chroma", "Chroma", "port taken", "http://127.0.0.1:6", "", "port 6 is taken by `<x>` (process 7)"),
    ],
    [ModelState("all-minilm:latest", 46_000_000, "bert", True)],
)


@pytest.fixture
def states(monkeypatch):
    """What the board reads: the last one stays."""
    left = [STATUS]
    monkeypatch.setattr(module, "read_status", lambda settings: left.pop(0) if len(left) > 1 else left[0])
    return left


def test_the_text_has_words_for_every_state_and_nothing_that_changes_by_itself():
    assert as_text(STATUS).splitlines() == [
        "The lab in the place embedded",
        "● Ollama: running (embedded engine)",
        "! Chroma: port taken",
        "  model all-minilm:latest: 46 MB, family bert",
    ]


def test_the_table_has_captions_header_cells_and_words():
    text = as_html(STATUS)
    assert text.count("<caption") == text.count("<table>") == 2
    assert text.count('<th scope="col"') == 9
    assert "● running" in text
    assert "1 of 2 services run" in text


def test_the_table_shows_what_the_text_leaves_out():
    assert all(word in as_html(STATUS) for word in ("http://127.0.0.1:5", "Jan", "loaded"))


def test_names_cannot_break_the_table():
    assert "<x>" not in as_html(STATUS)
    HTMLParser().feed(as_html(STATUS))


def test_a_notebook_gets_the_widget_and_the_whole_text(settings, states):
    bundle = board(settings)._repr_mimebundle_()
    assert bundle["text/plain"] == as_text(STATUS)
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_the_button_reads_the_state_anew(settings, states):
    shown = board(settings)
    states[:] = [Status("native", "it changed", [])]
    shown.children[0].children[0].click()
    assert "it changed" in shown.children[1].value


def test_a_ticked_box_refreshes_until_it_is_unticked(settings, states, monkeypatch, wait_until):
    monkeypatch.setattr(live, "PERIOD", 0.01)
    shown = board(settings)
    box = shown.children[0].children[1]
    box.value = True
    states[:] = [Status("native", "it changed", [])]
    wait_until(lambda: "it changed" in shown.children[1].value, "a refresh")
    box.value = False
    assert shown._stop.is_set()


def test_a_forgotten_board_goes_quiet(settings, states, monkeypatch, wait_until):
    monkeypatch.setattr(live, "PERIOD", 0.01)
    monkeypatch.setattr(live, "LONGEST", 0.03)
    box = board(settings).children[0].children[1]
    box.value = True
    wait_until(lambda: not box.value, "the box to be unticked")


def test_closing_the_widget_ends_the_refreshing(settings, states):
    shown = board(settings)
    shown.children[0].children[1].value = True
    shown.close()
    assert shown._stop.is_set()


def test_every_control_has_a_label(settings, states):
    assert all(control.description for control in board(settings).children[0].children)


def test_progress_is_shown():
    assert "1 of 2 exercises solved" in as_html(STATUS, "1 of 2 exercises solved")
