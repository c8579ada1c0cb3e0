"""The fixture that all integration tests use, and the board on a real lab."""

import os

from lab.settings import get_settings
from lab.stack.board import as_html, board
from lab.stack.status import read_status


def test_it_is_the_lab_that_this_process_finds(running_lab):
    assert get_settings() == running_lab
    assert os.environ["LAB_HOME"] == str(running_lab.lab_home)


def test_engine_and_chroma_run_and_the_others_do_not(running_lab):
    assert [service.state for service in read_status(running_lab).services] == ["running", "running", "stopped", "stopped"]


def test_the_board_names_the_embedded_engine_and_its_models(running_lab):
    lines = repr(board()).splitlines()
    assert "● Ollama: running (embedded engine)" in lines
    assert any(line.startswith("  model all-minilm:latest:") for line in lines)


def test_the_text_of_the_board_stays_while_the_table_tells_more(running_lab):
    assert repr(board()) == repr(board())
    assert running_lab.chroma_url in as_html(board().status)
    assert running_lab.chroma_url not in repr(board())
