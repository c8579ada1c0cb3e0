"""Where the time of an answer went, on a clock that the test moves."""

import time

import pytest

from lab.rag.timings import Clock


@pytest.fixture
def spend(monkeypatch):
    """`spend(seconds)` moves the clock."""
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


def test_a_stage_inside_another_is_taken_out_of_it(spend):
    clock = Clock()
    with clock.stage("ground"):
        spend(0.001)
        with clock.stage("embed"):
            spend(0.02)
        spend(0.005)
    assert (clock.read()["embed"], clock.read()["ground"]) == (20, 6)


def test_time_between_stages_belongs_to_the_total_alone(spend):
    clock = Clock()
    for name in ("embed", "search", "generate", "ground"):
        with clock.stage(name):
            spend(0.001)
        spend(0.002)
    assert clock.read() == {"embed": 1, "search": 1, "generate": 1, "ground": 1, "total": 12}


def test_a_stage_that_fails_is_counted(spend):
    clock = Clock()
    with pytest.raises(ValueError), clock.stage("search"):
        spend(0.002)
        raise ValueError
    assert clock.read()["search"] == 2


def test_the_whole_of_a_stage_has_what_was_inside_it(spend):
    clock = Clock()
    with clock.stage("ground"):
        spend(1)
        with clock.stage("embed"):
            spend(2)
    with clock.stage("ground"):
        spend(4)
    assert clock.whole == {"ground": 7}


def test_the_outer_stage_is_the_one_that_broke_and_a_mended_one_is_forgotten(spend):
    clock = Clock()
    with pytest.raises(ValueError, match="no vector"), clock.stage("ground"), clock.stage("embed"):
        raise ValueError("no vector")
    assert clock.broken == "ground"
    with clock.stage("generate"):
        spend(1)
    assert clock.broken == ""
