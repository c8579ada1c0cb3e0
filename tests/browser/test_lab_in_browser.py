"""JupyterLab as a learner meets it: the printed address opens lesson 00, Run All reaches the end, and what it shows can be read by all."""

import os
import re
from contextlib import suppress

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import TimeoutError

from lab.settings import ROOT

SCREENSHOT = ROOT / "docs/images/jupyterlab.png"
LESSON = "00_start_here.ipynb"
# What the lab and the lessons render; JupyterLab's own frame has findings of its own that we cannot mend.
OURS = {"include": [[".jp-RenderedHTMLCommon"], [".jp-OutputArea-output"]]}
READY = """() => {
    const shown = window.jupyterapp?.shell.currentWidget
    return shown?.context?.isReady && shown.sessionContext?.session?.kernel?.status === 'idle'
}"""
RUN_ALL = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"
# The command returns at the first error, also an announced one, while later cells still run.
ALL_RAN = """() => {
    const shown = window.jupyterapp.shell.currentWidget
    const cells = shown.content.model.toJSON().cells.filter(cell => cell.cell_type === 'code')
    return shown.sessionContext.session.kernel.status === 'idle' && cells.every(cell => cell.execution_count !== null)
}"""
# A terminal draws its text as a picture, so what a command says is written to a file and read from the server.
FOUND = """async () => {
    const answer = await fetch('/files/found.txt')
    return answer.ok && (await answer.text()).endsWith('/bin/lab\\n')
}"""
# JupyterLab draws only the cells on screen; the truth is in its model.
CELLS = "() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells"


def open_notebook(page, address, path):
    server, _, query = address.partition("/?")
    page.goto(f"{server}/lab/tree/{path}?{query}&reset")
    page.wait_for_function(READY)


def run_all(page):
    """Run the notebook as the menu does; return its code cells by their ids, also when some of them did not run."""
    page.evaluate(RUN_ALL)
    with suppress(TimeoutError):
        page.wait_for_function(ALL_RAN, timeout=120_000)
    return {cell["id"]: cell for cell in page.evaluate(CELLS) if cell["cell_type"] == "code"}


def text_of(cells):
    return "\n".join(str(output.get("text", output.get("data"))) for cell in cells.values() for output in cell["outputs"])


def unexpected_errors(cells):
    return {
        id: output["evalue"]
        for id, cell in cells.items()
        for output in cell["outputs"]
        if output["output_type"] == "error" and "raises-exception" not in cell["metadata"].get("tags", [])
    }


def not_run(cells):
    return [id for id, cell in cells.items() if cell["execution_count"] is None]


def unread_by_axe(page):
    found = Axe().run(page, context=OURS, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


def ours(problems):
    """Console errors of the lab: the browser also reports what JupyterLab asks of the network and does not get."""
    return [problem for problem in problems if not re.search(r"favicon|Failed to load resource", problem)]


@pytest.fixture
def lesson(page, lab_address):
    open_notebook(page, lab_address, f"notebooks/{LESSON}")
    return page


def test_the_printed_address_opens_the_first_lesson(page, lab_address):
    page.goto(lab_address)
    page.wait_for_function(READY)
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path") == f"notebooks/{LESSON}"


def test_run_all_of_the_blank_lesson_reaches_the_end(lesson):
    cells = run_all(lesson)
    assert (unexpected_errors(cells), not_run(cells)) == ({}, [])
    assert "not attempted" in text_of(cells) and ": correct" not in text_of(cells)
    assert ours(lesson.problems) == []


def test_run_all_of_the_solution_is_correct(page, lab_address):
    open_notebook(page, lab_address, f"solutions/{LESSON}")
    cells = run_all(page)
    assert (unexpected_errors(cells), not_run(cells)) == ({}, [])
    assert ": correct" in text_of(cells) and "not attempted" not in text_of(cells)


def test_the_board_and_a_grounded_answer_can_be_seen_and_read(lesson):
    run_all(lesson)
    board = lesson.locator(".jupyter-widgets table").first
    board.scroll_into_view_if_needed()
    assert "Ollama" in board.inner_text() and "running" in board.inner_text()
    answer = lesson.get_by_role("group", name="Answer").first
    answer.scroll_into_view_if_needed()
    assert "volumes.md" in answer.inner_text()
    assert unread_by_axe(lesson) == []
    keep_screenshot(lesson)


def test_a_terminal_knows_the_lab_command(page, lab_address):
    page.goto(f"{lab_address}&reset")  # without the terminals of an earlier visit
    page.wait_for_function(READY)
    page.evaluate("() => window.jupyterapp.commands.execute('terminal:create-new')")
    page.locator(".jp-Terminal .xterm-screen").click()
    page.keyboard.type("command -v lab > $LAB_JUPYTER_ROOT/found.txt\n")
    page.wait_for_function(FOUND, timeout=20_000)


def keep_screenshot(page):
    """The README's picture, from the board to the first answer; only when asked: a test run must not change the project's files."""
    if os.environ.get("LAB_KEEP_SCREENSHOT") == "1":
        page.set_viewport_size({"width": 1000, "height": 1960})
        page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        page.locator(".jp-Cell:has(.jupyter-widgets)").first.evaluate("cell => cell.scrollIntoView({block: 'start'})")
        SCREENSHOT.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(SCREENSHOT))
