"""check, hint and solution as a learner calls them."""

import json

import pytest

from lab.course import checks, progress
from lab.course.checks import check, hint, solution
from lab.course.verdict import State


@pytest.fixture
def doubles(lab_home, only_exercises):
    @only_exercises("double", "double", hints=("multiply", "multiply by two"))
    def checker(double):
        assert double(2) == 4, "double(2) should be 4"


def called_in(code, **names):
    """Run a cell's code with its own names, as a kernel does, and return `shown`."""
    namespace = {"check": check, **names}
    exec(code, namespace)
    return namespace["shown"]


def test_check_reads_the_names_of_the_calling_notebook(doubles):
    assert called_in("def double(n): return 2 * n\nshown = check('double')").state is State.CORRECT


def test_check_leaves_the_learners_names_alone(doubles):
    namespace = {"check": check, "double": ..., "__builtins__": {}}
    exec("check('double')", namespace)
    assert set(namespace) == {"check", "double", "__builtins__"}


@pytest.mark.parametrize("call", [check, hint, solution])
def test_an_unknown_exercise_lists_the_known_ones(doubles, call):
    assert "Known: double." in repr(call("duoble"))


@pytest.mark.parametrize("call", [check, hint, solution])
@pytest.mark.parametrize("id", [["double"], len, None, 3, {}])
def test_a_name_that_is_no_text_is_answered_with_what_to_write(doubles, call, id):
    shown = call(id)
    assert '`check("double")`' in repr(shown)
    assert "<code>" in shown._repr_html_()


@pytest.mark.parametrize("number", ["2", None, 2.0, [2]])
def test_a_hint_number_that_is_none_is_answered_with_what_to_write(doubles, number):
    assert 'hint("double", 2)' in repr(hint("double", number))


def test_hints_say_more_step_by_step_and_stop_at_the_last(doubles):
    assert [repr(hint("double", number)) for number in (0, 1, 2, 9)] == [
        "Hint 1 of 2: multiply",
        "Hint 1 of 2: multiply",
        "Hint 2 of 2: multiply by two",
        "Hint 2 of 2: multiply by two",
    ]


def test_an_exercise_without_hints_says_so(lab_home, only_exercises):
    only_exercises("bare", "bare")(lambda bare: None)
    assert "no hints" in repr(hint("bare"))


def test_solution_shows_the_code_of_the_solution_notebook_without_marks(doubles, tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "SOLUTIONS", tmp_path)
    exercise = next(iter(checks.all_exercises().values()))
    path = tmp_path / f"{exercise.lesson}_x.ipynb"
    source = "### BEGIN SOLUTION: double = ...\ndef double(n):\n    return 2 * n\n### END SOLUTION"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "id": "ex-double", "source": source.splitlines(keepends=True)}]}))
    assert solution("double").body == "def double(n):\n    return 2 * n"


def test_solution_without_the_solutions_folder_says_so(doubles, tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "SOLUTIONS", tmp_path / "absent")
    assert "not here" in repr(solution("double"))
    assert not progress.summary().exercises[0].solution_seen


def test_two_exercises_of_one_name_are_refused(only_exercises):
    only_exercises("same", "a")(lambda a: None)
    with pytest.raises(ValueError, match="same"):
        only_exercises("same", "b")(lambda b: None)
