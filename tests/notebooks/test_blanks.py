"""What learners open: Run All reaches the end, and every check says that nothing was attempted yet."""

import re
from functools import cache

import pytest

from lab.course.execute import execute
from lab.course.gates import CHECK
from lab.course.notebook import code_cells, read
from lab.errors import LabError
from lab.settings import ROOT

BLANKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
pytestmark = pytest.mark.timeout(1800)  # whichever test of a lesson comes first runs it


@pytest.fixture(params=BLANKS, ids=lambda path: path.stem)
def ran(request, lab_with_handbook, engine_if_needed):
    engine_if_needed(request.param)
    notebook, error = run(request.param)
    if error:
        raise error
    return notebook


@cache  # not a fixture's scope: with two processes, pytest ends and begins those between the tests of one lesson
def run(path):
    """The notebook after Run All, and what stopped it."""
    notebook = read(path)
    try:
        execute(notebook, path.parent)
    except LabError as error:
        return notebook, error
    return notebook, None


def test_run_all_reaches_the_end(ran):
    assert [cell.id for cell in code_cells(ran) if cell.execution_count is None] == []


def test_only_announced_errors_are_shown(ran):
    raised = {cell.id for cell in code_cells(ran) if any(output.output_type == "error" for output in cell.outputs)}
    announced = {cell.id for cell in code_cells(ran) if "raises-exception" in cell.metadata.get("tags", [])}
    assert raised == announced


def test_every_check_says_not_attempted(ran):
    said = {}
    for cell in code_cells(ran):
        for _, id in CHECK.findall(cell.source):
            verdict = re.search(f"{id}: (correct|incorrect|not attempted)", str(cell.outputs))
            said[id] = verdict[1] if verdict else cell.outputs
    assert said
    assert {id: words for id, words in said.items() if words != "not attempted"} == {}
