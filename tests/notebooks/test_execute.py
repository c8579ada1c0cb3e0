"""Running a notebook from top to bottom and storing what came out."""

import json

import nbformat
import pytest

from lab.course.execute import run
from lab.course.gates import problems
from lab.course.notebook import read
from lab.errors import LabError


@pytest.fixture
def solution(tmp_path):
    """solution(*codes) writes a notebook with a line of prose before each cell, and returns its path."""

    def write(*codes, tags=()):
        cells = []
        for number, code in enumerate(codes):
            prose, cell = nbformat.v4.new_markdown_cell("Prose."), nbformat.v4.new_code_cell(code, metadata={"tags": list(tags)})
            prose.id, cell.id = f"prose-{number}", f"code-{number}"
            cells += [prose, cell]
        path = tmp_path / "00_x.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return path

    return write


def test_a_run_stores_what_the_gates_ask_for(solution):
    path = solution("a = 20", "a + 1")
    run(path)
    assert problems(read(path), path, is_solution=True) == []
    assert read(path).cells[3].outputs[0].data["text/plain"] == "21"


def test_two_runs_give_the_same_bytes(solution):
    path = solution("object()", "import time\nprint(1, flush=True)\nprint(2)")
    run(path)
    first = path.read_bytes()
    run(path)
    assert path.read_bytes() == first


def test_a_failing_cell_is_named_and_the_file_stays(solution):
    path = solution("a = 1", "int('x')", "a")
    before = path.read_bytes()
    with pytest.raises(LabError, match="Cell code-1 stopped the run: ValueError"):
        run(path)
    assert path.read_bytes() == before


def test_an_announced_error_does_not_stop_the_run(solution):
    path = solution("int('x')", tags=("raises-exception", "raises:ValueError"))
    run(path)
    assert read(path).cells[1].outputs[0].ename == "ValueError"


def test_progress_counts_the_cells_that_start(solution):
    seen = []
    run(solution("1", "2"), on_cell=lambda number, total: seen.append((number, total)))
    assert seen == [(1, 2), (2, 2)]


def test_a_kernel_of_the_same_name_from_elsewhere_is_not_used(solution, tmp_path, monkeypatch):
    foreign = tmp_path / "kernels/python3"
    foreign.mkdir(parents=True)
    (foreign / "kernel.json").write_text(json.dumps({"argv": ["/bin/false"], "display_name": "Foreign", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    path = solution("1")
    run(path)
    assert read(path).cells[1].execution_count == 1


def test_the_run_is_not_counted_as_the_learners_work(solution):
    path = solution("import os\nos.environ['LAB_PROGRESS']")
    run(path)
    assert read(path).cells[1].outputs[0].data["text/plain"] == "'off'"
