"""A wait ends with a value, or with an error that names what was waited for."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lab.containers import waiting
from lab.containers.waiting import wait_until
from lab.errors import EngineError


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(waiting, "PAUSE", 0)


@given(some.lists(some.sampled_from([None, 0, "", [], OSError("refused")]), max_size=5), some.integers(1))
def test_the_first_true_value_comes_back(before, value):
    looks = iter([*before, value])

    def condition():
        found = next(looks)
        if isinstance(found, Exception):
            raise found
        return found

    assert wait_until(condition, "a value") == value


def test_a_value_that_is_there_needs_no_time():
    assert wait_until(lambda: "ready", "nothing", seconds=0) == "ready"


def test_the_end_of_the_wait_names_what_and_how_long():
    with pytest.raises(EngineError, match=r"Waited 0\.01 seconds for the first answer"):
        wait_until(lambda: None, "the first answer", seconds=0.01)


def test_the_last_look_is_told():
    with pytest.raises(EngineError, match="the last look gave False"):
        wait_until(lambda: False, "health", seconds=0)


def test_the_last_error_is_told():
    def refused():
        raise ConnectionError("refused")

    with pytest.raises(EngineError, match="the last look gave ConnectionError: refused"):
        wait_until(refused, "an answer", seconds=0)


def test_a_mistake_in_the_condition_is_told_at_once():
    with pytest.raises(NameError):
        wait_until(lambda: no_such_name, "nothing", seconds=30)  # noqa: F821
