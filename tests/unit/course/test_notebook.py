"""The committed form of a notebook."""

import json

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.course.notebook import code_digest, dumps, normalise, read, stored_digest
from lab.errors import InputError
from lab.settings import ROOT


def test_the_same_content_gives_the_same_bytes(notebook, markdown, code, result):
    def text():
        return dumps(normalise(notebook(markdown("# A"), code("1", outputs=[result("1")], execution_count=7))))

    assert text() == text()


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(["markdown", "code"]), st.text()), max_size=5))
def test_normalising_twice_changes_nothing_more(cells):
    make = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    once = dumps(normalise(nbformat.v4.new_notebook(cells=[make[kind](source) for kind, source in cells])))
    assert dumps(normalise(nbformat.reads(once, as_version=4))) == once


def test_named_ids_stay_and_random_ones_are_replaced(notebook, markdown):
    made = normalise(notebook(markdown("a", "ex-speed"), markdown("b", "0a1b2c3d"), markdown("c", "Bad_Id")))
    assert [cell.id for cell in made.cells] == ["ex-speed", "cell-001", "cell-002"]


def test_counts_run_from_one(notebook, markdown, code, result):
    made = normalise(
        notebook(code("1", "a", outputs=[result("1")], execution_count=5), markdown("x"), code("2", "b", execution_count=9), code("3", "c"))
    )
    assert [cell.execution_count for cell in made.cells if cell.cell_type == "code"] == [1, 2, None]
    assert made.cells[0].outputs[0].execution_count == 1


@pytest.mark.parametrize(
    ("noise", "kept"),
    [
        ("<object at 0x7f84f603f880>", "<object at 0x…>"),
        ("\x1b[31mred\x1b[0m", "red"),
        (f"{ROOT}/corpus/volumes.md", "corpus/volumes.md"),
        ("/tmp/ipykernel_123/456.py", "cell"),
        ("/opt/x/lib/python3.11/site-packages/ollama/_client.py", "site-packages/ollama/_client.py"),
    ],
)
def test_what_differs_between_runs_is_scrubbed(notebook, code, result, noise, kept):
    made = normalise(notebook(code("x", outputs=[result(noise)], execution_count=1)))
    assert made.cells[0].outputs[0].data["text/plain"] == kept


def test_a_widget_keeps_only_its_text(notebook, code, result):
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "random"}}
    made = normalise(notebook(code("x", outputs=[result("board", **widget)], execution_count=1)))
    assert set(made.cells[0].outputs[0].data) == {"text/plain"}


def test_timings_and_editor_settings_are_dropped_and_tags_stay(notebook, code):
    cell = code("x", tags=["exercise"])
    cell.metadata.update(execution={"iopub.status.busy": "2026-01-01"}, collapsed=True)
    assert normalise(notebook(cell)).cells[0].metadata == {"tags": ["exercise"]}


def test_changed_code_no_longer_matches_the_stored_run(notebook, code):
    made = notebook(code("a = 1"))
    assert stored_digest(made) == code_digest(made)
    made.cells[0].source = "a = 2"
    assert stored_digest(made) != code_digest(made)


def test_changed_prose_still_matches_the_stored_run(notebook, markdown, code):
    made = notebook(markdown("before"), code("a = 1"))
    made.cells[0].source = "after"
    assert stored_digest(made) == code_digest(made)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}']
)
def test_a_file_that_is_no_notebook_is_named(tmp_path, content):
    path = tmp_path / "broken.ipynb"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"broken\.ipynb"):
        read(path)


def test_two_cells_of_one_id_are_refused(tmp_path, notebook, markdown):
    path = tmp_path / "twins.ipynb"
    path.write_text(json.dumps(notebook(markdown("a", "one"), markdown("b", "two"))).replace('"two"', '"one"'))
    with pytest.raises(InputError, match="several cells have the id one"):
        read(path)
