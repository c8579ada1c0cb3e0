"""A/A: two equal variants, a thousand times. How often does one win?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lab.evaluate.ab import Experiment, ExperimentVariant
from lab.evaluate.ab.comparison import Comparison, adjust, compare

EXPERIMENTS, USERS = 1000, 200
LOW, HIGH = stats.binom.interval(0.999, EXPERIMENTS, 0.05)


@pytest.fixture(scope="module")
def groups():
    """Who is in the second group, in each experiment: assigned by the lab, with another salt each time."""
    pair = (ExperimentVariant("a", {}, 0.5), ExperimentVariant("b", {}, 0.5))
    users = [f"user_{number}" for number in range(USERS)]
    salted = (Experiment("aa", pair, salt=f"aa:{number}") for number in range(EXPERIMENTS))
    return np.array([[one.variant_of(user).name == "b" for user in users] for one in salted])


def wins(groups, metric, values):
    found = (compare(metric, ("a", list(row[~group])), ("b", list(row[group]))) for group, row in zip(groups, values, strict=True))
    return sum(one.p_value < 0.05 for one in found)


def test_equal_shares_win_as_seldom_as_promised(groups):
    values = (np.random.default_rng(1).random(groups.shape) < 0.75).astype(float)
    assert LOW <= wins(groups, "hit@3", values) <= HIGH


def test_equal_means_win_as_seldom_as_promised(groups):
    values = np.random.default_rng(2).choice([0, 1 / 3, 1 / 2, 1], p=[0.1, 0.1, 0.2, 0.6], size=groups.shape)
    assert LOW <= wins(groups, "mrr", values) <= HIGH


def test_equal_skewed_times_win_as_seldom_as_promised(groups, monkeypatch):
    monkeypatch.setattr("lab.evaluate.intervals.RESAMPLES", 2)  # the interval decides nothing here
    values = np.random.default_rng(3).lognormal(3, 1, groups.shape)
    assert LOW <= wins(groups, "search_ms", values) <= HIGH


def test_three_comparisons_win_too_often_until_they_pay():
    hits = np.random.default_rng(4).binomial(100, 0.5, (EXPERIMENTS, 4)) / 100
    z = (hits[:, 1:] - hits[:, :1]) / np.sqrt(np.maximum(hits[:, 1:] + hits[:, :1], 0.01) * (2 - hits[:, 1:] - hits[:, :1]) / 200)
    least = 2 * stats.norm.sf(np.abs(z)).min(axis=1)
    assert (least < 0.05).sum() > HIGH
    assert (3 * least < 0.05).sum() <= HIGH  # Holm's p for the smallest of three


@given(st.lists(st.floats(0, 1), min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)  # each collects garbage, which is slow
def test_holm_makes_the_smallest_p_pay_for_all(ps):
    found = [Comparison("mrr", "a", "b", (9, 9), 0, 0, 0, p, "Welch") for p in ps]
    assert min(one.p_adjusted for one in adjust(found)) == pytest.approx(min(1, len(ps) * min(ps)))
