"""What is remembered of the learner's work, and that nothing about it can stop a check."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.course import progress
from lab.course.checks import check, hint
from lab.course.verdict import State
from lab.settings import get_settings

CORRECT, INCORRECT, NOT_ATTEMPTED = State.CORRECT, State.INCORRECT, State.NOT_ATTEMPTED


@pytest.fixture(autouse=True)
def answer_is_four(lab_home, only_exercises):
    @only_exercises("four", "four", hints=("2 + 2", "more than three"))
    def checker(four):
        assert four == 4, "not four"


def one():
    return progress.summary().exercises[0]


def test_nothing_done_is_not_attempted():
    assert (one().best, one().tries, str(progress.summary())) == (NOT_ATTEMPTED, 0, "0 of 1 exercises solved")


def test_the_best_verdict_is_kept():
    for state in (INCORRECT, CORRECT, INCORRECT):
        progress.record_verdict("four", state)
    assert (one().best, one().tries, progress.summary().solved) == (CORRECT, 3, 1)


def test_an_untouched_exercise_is_no_try():
    progress.record_verdict("four", NOT_ATTEMPTED)
    assert one().tries == 0


def test_hints_and_a_shown_solution_are_remembered():
    hint("four", 2)
    hint("four", 1)
    progress.record_solution("four")
    assert (one().hints, one().solution_seen) == (2, True)


def test_the_first_time_of_success_is_kept(lab_home):
    progress.record_verdict("four", CORRECT)
    first = json.loads((lab_home / "progress.json").read_text())
    progress.record_verdict("four", CORRECT)
    again = json.loads((lab_home / "progress.json").read_text())
    assert first["exercises"]["four"]["solved_at"] == again["exercises"]["four"]["solved_at"]


def test_progress_can_be_switched_off(lab_home, monkeypatch):
    monkeypatch.setenv("LAB_PROGRESS", "off")
    get_settings.cache_clear()
    progress.record_verdict("four", CORRECT)
    assert list(lab_home.iterdir()) == []


def test_a_setting_that_cannot_work_does_not_stop_a_check(monkeypatch):
    monkeypatch.setenv("CHROMA_PORT", "none")
    get_settings.cache_clear()
    assert check("four").state is NOT_ATTEMPTED


@pytest.mark.parametrize(
    "broken", ["", "{", "[]", "null", '{"exercises": []}', '{"exercises": {"four": 3}}', '{"exercises": {"four": {"tries": "x"}}}']
)
def test_a_broken_file_does_not_stop_a_check(lab_home, broken):
    (lab_home / "progress.json").write_text(broken)
    assert (check("four").state, one().best) == (NOT_ATTEMPTED, NOT_ATTEMPTED)


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_any_entry_in_the_file_can_be_summarised(entry):
    path = get_settings().lab_home / "progress.json"
    path.write_text(json.dumps({"exercises": {"four": entry}}))
    assert one().best is NOT_ATTEMPTED


def test_damage_is_repaired_by_the_next_verdict(lab_home):
    (lab_home / "progress.json").write_bytes(b"\xff\x00")
    progress.record_verdict("four", CORRECT)
    assert one().best is CORRECT


def test_a_full_disk_does_not_stop_a_check_and_leaves_the_file_whole(lab_home, monkeypatch):
    progress.record_verdict("four", CORRECT)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    progress.record_verdict("four", INCORRECT)
    assert [path.name for path in lab_home.iterdir()] == ["progress.json"]
    assert (one().best, one().tries) == (CORRECT, 1)


def test_a_state_folder_that_is_a_file_does_not_stop_a_check(lab_home, monkeypatch):
    (lab_home / "file").write_text("")
    monkeypatch.setenv("LAB_HOME", str(lab_home / "file"))
    get_settings.cache_clear()
    assert check("four").state is NOT_ATTEMPTED
    progress.record_verdict("four", CORRECT)
    assert one().best is NOT_ATTEMPTED
