from dataclasses import replace
from statistics import mean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lab.evaluate.ab.comparison import compare
from lab.evaluate.ab.metric import metric
from lab.evaluate.ab.sample import describe, per_user
from lab.evaluate.ab.store import Result

SHARE = st.integers(5, 400).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
NUMBERS = st.lists(st.integers(-1000, 1000).map(lambda value: value / 8), min_size=2, max_size=30)


def hits(count, size):
    return [1.0] * count + [0.0] * (size - count)


def found(name, before, after):
    return compare(name, ("old", before), ("new", after))


def test_shares_of_many_users_use_the_score_test():
    one = found("hit@3", hits(160, 200), hits(180, 200))
    assert one.test == "score"
    pooled = stats.chi2_contingency([[160, 40], [180, 20]], correction=False).pvalue
    assert one.p_value == pytest.approx(pooled, rel=0.02)  # the score test is Pearson's chi-square, but for n / (n - 1)


@pytest.mark.parametrize(("before", "after"), [((0, 12), (3, 12)), ((0, 500), (4, 500)), ((9, 9), (4, 9)), ((0, 5), (0, 5))])
def test_few_of_a_kind_use_fishers_test(before, after):
    one = found("hit@3", hits(*before), hits(*after))
    table = [[after[0], after[1] - after[0]], [before[0], before[1] - before[0]]]
    assert (one.test, one.p_value) == ("Fisher", pytest.approx(stats.fisher_exact(table).pvalue))


@given(SHARE, SHARE)
def test_the_interval_of_shares_holds_the_difference_and_stays_possible(before, after):
    one = found("hit@3", hits(before[1], before[0]), hits(after[1], after[0]))
    assert -1 <= one.low <= one.difference + 1e-9
    assert one.difference - 1e-9 <= one.high <= 1
    assert 0 <= one.p_value <= 1


def test_means_use_welchs_test():
    rng = np.random.default_rng(0)
    before, after = list(rng.normal(0, 1, 40)), list(rng.normal(1, 5, 15))
    one = found("mrr", before, after)
    expected = stats.ttest_ind(after, before, equal_var=False)
    assert (one.test, one.p_value) == ("Welch", pytest.approx(expected.pvalue))
    assert (one.low, one.high) == pytest.approx(tuple(expected.confidence_interval()))


def test_a_hit_at_any_place_is_right_or_wrong():
    assert metric("hit@5") == replace(metric("hit@1"), name="hit@5")
    assert per_user([Result("old", "user_1", "hit@5", 1.0), Result("old", "user_2", "failed", 1.0)], "hit@5") == {"old": [1, 0]}
    assert metric("hit@all").kind == "mean"


def test_users_with_several_questions_are_compared_by_their_means():
    assert found("hit@3", [0.5, 1.0, 0.0], [0.5, 0.5, 1.0]).test == "Welch"


def test_times_use_ranks_and_the_difference_of_medians():
    before, after = [1.0, 2, 3, 4, 1000], [2.0, 3, 4, 5, 6]
    one = found("search_ms", before, after)
    assert (one.test, one.difference) == ("Mann-Whitney", 1)
    assert one.p_value == pytest.approx(stats.mannwhitneyu(after, before).pvalue)
    assert one.low <= 1 <= one.high


def test_one_very_slow_answer_does_not_turn_the_result():
    rng = np.random.default_rng(1)
    before, after = list(rng.lognormal(3, 0.3, 100)), list(rng.lognormal(3.3, 0.3, 100))
    before[0] = 1e6
    assert mean(before) > mean(after)
    assert found("search_ms", before, after).difference > 0
    assert found("search_ms", before, after).p_value < 0.001


@pytest.mark.parametrize(("before", "after"), [([], [1.0, 2.0]), ([1.0], [1.0, 2.0]), ([1.0, 2.0], [3.0])])
def test_too_few_values_are_not_compared(before, after):
    assert found("mrr", before, after) is None


@given(NUMBERS, NUMBERS)
def test_any_numbers_give_a_p_value(before, after):
    one = found("mrr", before, after)
    assert 0 <= one.p_value <= 1


def test_what_rounding_leaves_is_no_spread():
    assert found("mrr", [0.1 + 0.2] * 5 + [0.3] * 5, [0.3] * 10).test == "Mann-Whitney"


def test_equal_constants_differ_by_nothing():
    assert found("mrr", [1.0] * 5, [1.0] * 5).p_value == 1
    assert found("mrr", [1.0] * 9, [2.0] * 9).p_value < 0.01


def test_a_share_is_described_with_wilsons_interval():
    figures = describe("hit@3", hits(20, 20))
    assert (figures["mean"], figures["interval"]) == (1, "share, Wilson")
    assert 0.8 < figures["low"] < figures["high"] <= 1


def test_a_time_is_described_with_the_interval_of_its_median():
    figures = describe("search_ms", [float(value) for value in range(1, 100)])
    assert (figures["p50"], figures["p95"]) == (50, 95)
    assert figures["low"] < 50 < figures["high"]


@pytest.mark.parametrize("name", ["mrr", "hit@3", "search_ms"])
def test_one_value_has_no_spread(name):
    figures = describe(name, [1.0])
    assert (figures["count"], figures["std"]) == (1, None)
