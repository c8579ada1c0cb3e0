"""Every exercise of every lesson: its stub, its typical mistakes, its hints and its place in the notebooks."""

import pytest

from lab.course.checks import solution_source
from lab.course.exercise import all_exercises
from lab.course.judge import judge
from lab.course.notebook import read
from lab.course.verdict import State
from lab.settings import ROOT

EXERCISES = all_exercises()
MISTAKES = [(id, name) for id, exercise in EXERCISES.items() for name in exercise.wrong]


def run(code):
    namespace = {}
    exec(code, namespace)
    return namespace


def cells(folder, lesson):
    path = next((ROOT / folder).glob(f"{lesson}_*.ipynb"))
    return {cell.id: cell for cell in read(path).cells}


@pytest.mark.parametrize(("id", "name"), MISTAKES)
def test_a_typical_mistake_is_told_in_its_own_words(id, name):
    mistake = EXERCISES[id].wrong[name]
    verdict = judge(EXERCISES[id], run(mistake.code))
    assert verdict.state is State.INCORRECT
    assert mistake.words in verdict.message


@pytest.mark.parametrize("id", EXERCISES)
def test_an_untouched_stub_is_not_attempted(id):
    stub = cells("notebooks", EXERCISES[id].lesson)[f"ex-{id}"].source
    assert "your code here" in stub
    assert judge(EXERCISES[id], run(stub)).state is State.NOT_ATTEMPTED


@pytest.mark.parametrize("id", EXERCISES)
def test_the_stored_answer_was_judged_correct(id):
    shown = [str(cell.outputs) for cell in cells("solutions", EXERCISES[id].lesson).values() if f'check("{id}")' in cell.source]
    assert len(shown) == 1
    assert f"{id}: correct" in shown[0]


@pytest.mark.parametrize("id", EXERCISES)
def test_an_exercise_helps_in_steps_and_has_a_worked_answer(id):
    assert len(EXERCISES[id].hints) >= 2
    assert len(EXERCISES[id].wrong) >= 1
    assert "SOLUTION" not in solution_source(EXERCISES[id]) != ""


def test_a_worked_answer_that_needs_no_lab_is_correct():
    assert judge(EXERCISES["speed"], run(solution_source(EXERCISES["speed"]))).state is State.CORRECT


def test_every_exercise_cell_of_the_notebooks_is_registered():
    named = [
        cell.id for path in (ROOT / "solutions").glob("*.ipynb") for cell in read(path).cells if "exercise" in cell.metadata.get("tags", [])
    ]
    assert sorted(named) == sorted(f"ex-{id}" for id in EXERCISES)
