"""The order in which `lab down` stops processes, and how long it waits for them."""

import pytest

from lab.stack import lifecycle
from lab.stack.process import GRACE
from lab.stack.services import API, WORKER


@pytest.fixture
def stopped(settings, monkeypatch):
    """What was stopped together, with the time that it got."""
    rounds = []
    monkeypatch.setattr(lifecycle, "stop", lambda processes, grace=GRACE: rounds.append((list(processes), grace)))
    return rounds


def test_those_that_answer_questions_end_before_what_they_need(stopped):
    lifecycle._stop({"ollama": "o", "redis": "r", "api": "a", "worker": "w"}, ["lost"])
    assert [together for together, _ in stopped] == [["a", "w", "lost"], ["o", "r"]]


def test_the_longest_promise_is_kept(stopped, settings):
    lifecycle._stop({"api": "a", "worker": "w"}, [])
    assert stopped[0][1] == max(API.grace(settings), WORKER.grace(settings)) > settings.api_stop_timeout


def test_without_them_nothing_is_waited_for_longer_than_usual(stopped):
    lifecycle._stop({"chroma": "c"}, ["lost"])
    assert stopped == [(["lost"], GRACE), (["c"], GRACE)]
