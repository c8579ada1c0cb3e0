"""A/A: two equal variants, a thousand times. How often does one win?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lab.evaluate.ab import Experiment, ExperimentVariant, Plan
from lab.evaluate.ab.comparison import Comparison, adjust, compare
from lab.evaluate.ab.report import make_report
from lab.evaluate.ab.store import Exposure, Result

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


def with_p(p):
    return Comparison("mrr", "a", "b", (9, 9), 0, 0, 0, p, "Welch")


def test_three_comparisons_win_too_often_until_they_pay(monkeypatch):
    monkeypatch.setattr("gc.collect", lambda: 0)  # statsmodels collects garbage in every call, which is slow
    hits = np.random.default_rng(4).binomial(100, 0.5, (EXPERIMENTS, 4)) / 100
    z = (hits[:, 1:] - hits[:, :1]) / np.sqrt(np.maximum(hits[:, 1:] + hits[:, :1], 0.01) * (2 - hits[:, 1:] - hits[:, :1]) / 200)
    ps = 2 * stats.norm.sf(np.abs(z))
    assert (ps.min(axis=1) < 0.05).sum() > HIGH
    paid = [min(one.p_adjusted for one in adjust(list(map(with_p, row)))) for row in ps]
    assert LOW <= sum(p < 0.05 for p in paid) <= HIGH


def test_five_looks_name_a_winner_as_seldom_as_promised(groups):
    count, rng = 300, np.random.default_rng(5)
    experiment = Experiment("aa", (ExperimentVariant("a", {}, 0.5), ExperimentVariant("b", {}, 0.5)), plan=Plan("hit@3", USERS, looks=5))
    found = 0
    for group in groups[:count]:
        exposed = [Exposure(f"user_{second}", "ab"[int(is_b)], second) for second, is_b in enumerate(group)]
        hits = [Result(one.variant, one.user, "hit@3", float(rng.random() < 0.5), at=one.at) for one in exposed]
        found += "more than chance (" in str(make_report(experiment, exposed, hits))
    low, high = stats.binom.interval(0.999, count, 0.05)
    assert low <= found <= high


@given(st.lists(st.floats(0, 1), min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)  # each collects garbage, which is slow
def test_holm_makes_the_smallest_p_pay_for_all(ps):
    assert min(one.p_adjusted for one in adjust(list(map(with_p, ps)))) == pytest.approx(min(1, len(ps) * min(ps)))
