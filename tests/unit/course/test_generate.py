"""solutions/ → notebooks/."""

import nbformat
import pytest

from lab.course import generate
from lab.course.generate import blank, build, stale
from lab.course.notebook import dumps
from lab.errors import InputError

ANSWER = "### BEGIN SOLUTION: speed = ...\nspeed = count / seconds\n### END SOLUTION\nspeed"


@pytest.fixture
def project(tmp_path, notebook, markdown, code, result):
    """A folder with one solution, not generated yet."""
    cells = [
        markdown("# Lesson", "title"),
        code(ANSWER, "ex-speed", ["exercise"], outputs=[result("2")], execution_count=1),
        markdown("Only for authors", "aside"),
    ]
    cells[-1].metadata["tags"] = ["solution"]
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions/00_x.ipynb").write_text(nbformat.writes(notebook(*cells)))
    return tmp_path


def generated(project):
    return nbformat.read(project / "notebooks/00_x.ipynb", as_version=4)


def names(paths):
    return [f"{path.parent.name}/{path.name}" for path in paths]


def test_build_makes_the_blank_and_then_has_nothing_to_do(project):
    assert names(build(project)) == ["solutions/00_x.ipynb", "notebooks/00_x.ipynb", "docs/errata.md"]
    assert build(project) == []


def test_the_blank_holds_the_stub_and_no_answer(project):
    build(project)
    assert generated(project).cells[1].source == "speed = ...  # your code here\nspeed"


def test_the_blank_has_no_outputs_and_no_author_cells(project):
    build(project)
    assert [cell.id for cell in generated(project).cells] == ["title", "ex-speed"]
    assert (generated(project).cells[1].outputs, generated(project).cells[1].execution_count) == ([], None)


def test_a_prediction_asks_for_a_guess(notebook, code):
    made = blank(notebook(code(ANSWER, tags=["prediction"])))
    assert made.cells[0].source == "speed = ...  # your guess\nspeed"


def test_an_indented_answer_leaves_an_indented_stub(notebook, code):
    source = 'def f(n):\n    """Half of n."""\n    ### BEGIN SOLUTION\n    return n / 2\n    ### END SOLUTION'
    made = blank(notebook(code(source, tags=["exercise"])))
    assert made.cells[0].source == 'def f(n):\n    """Half of n."""\n    ...  # your code here'


def test_two_answers_in_one_cell_are_both_cut(notebook, code):
    made = blank(notebook(code(f"{ANSWER}\n{ANSWER}", tags=["exercise"])))
    assert "count" not in made.cells[0].source


@pytest.mark.parametrize("tag", ["exercise", "prediction"])
def test_an_exercise_without_marks_is_refused(notebook, code, tag):
    with pytest.raises(InputError, match="Cell open is the learner's"):
        blank(notebook(code("speed = 1", "open", [tag])))


def test_the_solution_is_not_changed_by_making_its_blank(notebook, code):
    made = notebook(code(ANSWER, tags=["exercise"]))
    before = dumps(made)
    blank(made)
    assert dumps(made) == before


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
def test_an_edit_by_hand_is_stale(project, folder):
    build(project)
    path = project / folder / "00_x.ipynb"
    path.write_text(path.read_text().replace("Lesson", "Lessen"))
    assert f"notebooks/{path.name}" in names(stale(project))


def test_a_missing_blank_is_stale(project):
    build(project)
    (project / "notebooks/00_x.ipynb").unlink()
    assert names(stale(project)) == ["notebooks/00_x.ipynb"]


def test_a_blank_without_solution_is_stale_and_build_removes_it(project):
    build(project)
    (project / "notebooks/99_old.ipynb").write_text("{}")
    assert names(stale(project)) == ["notebooks/99_old.ipynb"]
    build(project)
    assert not (project / "notebooks/99_old.ipynb").exists()


def test_a_project_without_solutions_is_refused(tmp_path):
    with pytest.raises(InputError, match="no notebook in solutions"):
        generate.stale(tmp_path)
