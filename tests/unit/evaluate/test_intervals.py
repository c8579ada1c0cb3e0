import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import InputError
from lab.evaluate.intervals import bootstrap, difference_interval, mean_interval, paired_interval, ratio_interval

VALUES = st.lists(st.floats(2, 9), min_size=2, max_size=30)


@settings(max_examples=20, deadline=None)
@given(VALUES)
def test_an_interval_lies_inside_the_values_and_around_the_mean(values):
    found = mean_interval(values)
    assert found.value == pytest.approx(np.mean(values))
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9
    assert found.count == len(values)


def test_the_same_values_give_the_same_interval():
    values = [0.1, 1.3, 2.9, 0.4, 5.2, 8.8, 3.1]
    assert mean_interval(values) == mean_interval(values)
    assert mean_interval(values) != mean_interval(values, seed=1)


def test_more_values_make_it_narrower():
    few, many = mean_interval([0, 1] * 10), mean_interval([0, 1] * 100)
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(10**0.5, rel=0.2)


@pytest.mark.parametrize(("value", "low", "high"), [(1, 0.839, 1), (0, 0, 0.161)])
def test_twenty_of_twenty_is_no_proof_of_always(value, low, high):
    found = mean_interval([value] * 20)
    assert (found.value, found.low, found.high) == (value, pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))


def test_a_true_mean_is_covered_about_as_often_as_promised():
    draws = np.random.default_rng(7).normal(2.0, 1.0, size=(150, 40))
    covered = [found.low <= 2.0 <= found.high for found in map(mean_interval, draws)]
    assert 0.88 <= np.mean(covered) <= 0.99


def test_pairs_see_what_two_groups_cannot():
    hard = np.linspace(0, 1, 30)
    after = hard + 0.05
    assert paired_interval(hard, after + np.tile([0.01, -0.01], 15)).decided
    assert not difference_interval(hard, after).decided


def test_no_change_is_no_decision():
    found = paired_interval([0, 1, 1], [0, 1, 1])
    assert (found.value, found.low, found.high, found.decided) == (0, 0, 0, False)


def test_a_ratio_weighs_each_question_by_its_whole():
    found = ratio_interval([1, 0, 0, 2], [2, 2, 0, 4])
    assert found.value == pytest.approx(3 / 8)
    assert (found.low <= 3 / 8 <= found.high, found.count) == (True, 3)


@pytest.mark.parametrize(("of_two", "like"), [(0, 0), (2, 1)])
def test_no_wrong_sentence_in_twenty_answers_is_no_proof_of_never(of_two, like):
    assert ratio_interval([of_two] * 20, [2] * 20) == mean_interval([like] * 20)


def test_a_draw_in_which_no_question_counts_is_left_out():
    def of_those_that_count(parts, wholes, axis=-1):
        return np.sum(parts, axis=axis) / np.sum(wholes, axis=axis)

    found = bootstrap(of_those_that_count, [1.0, 0.0] + [0.0] * 8, [1.0, 1.0] + [0.0] * 8, paired=True)
    assert (found.value, found.low, found.high) == (0.5, 0, 1)


@pytest.mark.parametrize("gains", [[3, 3], [3, 3, 13 / 3 - 4 / 3]])
def test_equal_values_are_no_certainty(gains):
    found = bootstrap(np.mean, gains)
    assert not found.decided
    assert str(found) == "3.000 (no interval: too few different values)"


def test_different_values_on_one_side_of_zero_decide():
    found = bootstrap(np.mean, [1, 2, 3])
    assert found.decided
    assert str(found) == "2.000 [1.000, 3.000]"


def test_any_statistic_can_be_asked_for():
    found = bootstrap(np.median, [1.0, 2.0, 3.0, 4.0, 100.0])
    assert (found.value, found.low >= 1, found.high <= 100) == (3, True, True)


@pytest.mark.parametrize("values", [[], [0.5, float("nan")]])
def test_too_few_values_are_refused(values):
    with pytest.raises(InputError, match="at least"):
        mean_interval(values)


def test_values_of_other_questions_cannot_be_paired():
    with pytest.raises(InputError, match="2 values cannot be paired with 3"):
        paired_interval([1, 2], [1, 2, 3])
