import pytest

from lab.evaluate.ab.guard import guard
from lab.evaluate.ab.plan import Guardrail

SPREAD = [10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 22.0, 24.0, 26.0, 28.0, 30.0]


def judged(before, after, margin=0.5):
    return guard(Guardrail("search_ms", margin), ("old", before), ("new", after), alpha=0.05)


@pytest.mark.parametrize(("after", "state"), [(21.0, "holds"), (30.0, "unclear"), (60.0, "broken")])
def test_a_time_may_grow_by_a_share_of_the_baselines_median(after, state):
    assert judged(SPREAD, [after] * 11).state == state


def test_the_baselines_median_is_an_estimate_too():
    found = judged(SPREAD, [30.0] * 11)
    assert (found.at_best, found.at_worst) == (pytest.approx(30 / 26 - 1), pytest.approx(30 / 14 - 1))


@pytest.mark.parametrize("after", [[0.0] * 11, [0.4] * 11, SPREAD])
def test_of_a_median_of_0_nothing_is_a_share(after):
    found = judged([0.0] * 6 + [9.0] * 5, after)
    assert (found.state, found.at_worst) == ("unclear", None)


def test_a_median_that_may_be_0_is_unclear_too():
    found = judged([0.0] * 5 + [9.0] * 6, SPREAD)
    assert (found.state, found.at_worst) == ("unclear", None)


def test_too_few_times_are_unclear():
    assert judged([1.0], SPREAD).state == judged(SPREAD, [1.0]).state == "unclear"


@pytest.mark.parametrize(("metric", "after", "state"), [("hit@3", 0.0, "broken"), ("hit@3", 1.0, "holds"), ("failed", 1.0, "broken")])
def test_worse_is_lower_or_higher_as_the_figure_says(metric, after, state):
    found = guard(Guardrail(metric, 0.05), ("old", [0.0, 1.0] * 50), ("new", [after] * 100), alpha=0.05)
    assert found.state == state
