import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import InputError, MissingError
from lab.evaluate.ab import Experiment, ExperimentVariant, Guardrail, Plan


def of(*ratios, **values):
    return Experiment("e", tuple(ExperimentVariant(f"v{place}", {}, ratio) for place, ratio in enumerate(ratios)), **values)


@pytest.mark.parametrize("ratio", [1.5, -0.5, math.nan, math.inf, True, "0.5", None])
def test_a_ratio_is_a_number_from_0_to_1(ratio):
    with pytest.raises(InputError, match="ratio of a"):
        ExperimentVariant("a", {}, ratio)


def test_a_ratio_may_come_from_numpy():
    assert of(*np.array([0.1, 0.9])).definition() == of(0.1, 0.9).definition()
    assert of(*np.array([0.1, 0.9])).shares == {"v0": Fraction(1, 10), "v1": Fraction(9, 10)}


def test_ratios_that_add_up_do_not_excuse_each_other():
    with pytest.raises(InputError):
        of(1.5, -0.5)


@pytest.mark.parametrize("ratios", [(0.5, 0.4), (0.5, 0.502), (0.333, 0.333, 0.3355), (0.0, 0.0)])
def test_ratios_add_up_to_1(ratios):
    with pytest.raises(InputError, match="add up"):
        of(*ratios)


@pytest.mark.parametrize("ratios", [(0.5, 0.5), (0.33, 0.33, 0.34), (0.333, 0.333, 0.333), (0.1,) * 10, (1.0, 0.0), (0.5, 0.501)])
def test_ratios_may_miss_1_by_a_thousandth(ratios):
    assert sum(of(*ratios).shares.values()) == 1


def test_what_is_missing_is_spread_over_all():
    assert set(of(0.333, 0.333, 0.333).shares.values()) == {Fraction(1, 3)}


@pytest.mark.parametrize("names", [("a",), ("a", "a"), ()])
def test_an_experiment_has_two_variants_with_different_names(names):
    with pytest.raises(InputError, match="at least two"):
        Experiment("e", tuple(ExperimentVariant(name, {}, 1 / len(names)) for name in names))


@pytest.mark.parametrize("config", [{"size": math.nan}, {"how": {1, 2}}, {"how": object()}])
def test_a_config_can_be_stored(config):
    with pytest.raises(InputError, match="JSON"):
        ExperimentVariant("a", config, 0.5)


def test_names_are_not_blank(halves):
    with pytest.raises(InputError):
        ExperimentVariant(" ", {}, 0.5)
    with pytest.raises(InputError):
        Experiment("", tuple(halves))


def test_a_baseline_is_one_of_the_variants():
    assert of(0.5, 0.5).baseline == "v0"
    with pytest.raises(MissingError, match="no variant v9"):
        of(0.5, 0.5, baseline="v9")


@given(st.integers(1, 99), st.text(min_size=1).filter(str.strip), st.integers(1, 9))
def test_what_was_stored_is_the_same_experiment(per_cent, name, version):
    plan = Plan("mrr", 100, 2, "pocock", 0.01, (Guardrail("failed", 0.02),))
    variants = (ExperimentVariant("a", {"x": [1, "ä"]}, per_cent / 100), ExperimentVariant("b", {}, 1 - per_cent / 100))
    made = Experiment(name, variants, version, plan=plan)
    again = Experiment.stored(name, version, made.definition())
    assert (again.definition(), again.shares, again.plan) == (made.definition(), made.shares, plan)


@pytest.mark.parametrize("values", [{"users": -1}, {"looks": 0}, {"looks": 21}, {"alpha": 0}, {"alpha": 1}, {"boundary": "linear"}])
def test_a_plan_can_be_kept(values):
    with pytest.raises(InputError):
        Plan("mrr", **values)


def test_looks_are_equally_far_apart_and_the_last_has_all():
    plan = Plan("mrr", users=100, looks=3)
    assert [plan.users_at(look) for look in (1, 2, 3)] == [34, 67, 100]
    assert [plan.looks_reached(users) for users in (0, 33, 34, 99, 100, 500)] == [0, 0, 1, 2, 3, 3]
