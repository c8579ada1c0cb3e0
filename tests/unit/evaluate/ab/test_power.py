import numpy as np
import pytest
from scipy import stats

from lab.errors import InputError
from lab.evaluate.ab.balance import ALARM, balance, is_balanced
from lab.evaluate.ab.power import share_found, users_for_mean, users_for_share


def test_the_number_that_the_handbook_names():
    assert users_for_share(0.80, 0.85) == pytest.approx(900, rel=0.02)


def test_half_the_difference_needs_four_times_as_many():
    assert users_for_mean(0.05, 0.4) / users_for_mean(0.1, 0.4) == pytest.approx(4, rel=0.02)


def test_so_many_users_do_find_the_difference_as_often_as_promised():
    users, rng = users_for_share(0.6, 0.75), np.random.default_rng(11)
    before, after = rng.binomial(users, 0.6, 2000) / users, rng.binomial(users, 0.75, 2000) / users
    middle = (before + after) / 2
    z = (after - before) / np.sqrt(2 * middle * (1 - middle) / users)
    assert np.mean(np.abs(z) > stats.norm.isf(0.025)) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("users", [50, 200, 900])
def test_the_smallest_share_found_needs_these_users(users):
    assert users_for_share(0.7, share_found(0.7, users)) == pytest.approx(users, abs=2)


def test_few_users_find_nothing_above_a_high_share():
    assert share_found(0.95, 10) == 1.0


@pytest.mark.parametrize("call", [lambda: users_for_share(0.5, 0.5), lambda: users_for_share(0.5, 1.5), lambda: users_for_mean(0, 1)])
def test_no_difference_needs_no_users(call):
    with pytest.raises(InputError):
        call()


def test_a_power_below_the_level_is_refused():
    with pytest.raises(InputError, match="do not fit"):
        users_for_share(0.5, 0.6, power=0.04)


def test_balance_is_pearsons_test():
    assert balance({"a": 60, "b": 40}, {"a": 0.5, "b": 0.5}) == pytest.approx(stats.chisquare([60, 40]).pvalue)
    assert balance({"a": 90, "b": 10}, {"a": 0.9, "b": 0.1}) == 1


def test_a_lost_tenth_of_a_group_is_found():
    assert is_balanced({"a": 5000, "b": 4950}, {"a": 0.5, "b": 0.5})
    assert balance({"a": 5000, "b": 4500}, {"a": 0.5, "b": 0.5}) < ALARM


def test_a_group_that_should_be_empty_is_no_chance():
    assert balance({"a": 100, "b": 1}, {"a": 1.0, "b": 0.0}) == 0
    assert balance({"a": 100, "b": 0}, {"a": 1.0, "b": 0.0}) == 1
    assert balance({}, {"a": 0.5, "b": 0.5}) == 1
