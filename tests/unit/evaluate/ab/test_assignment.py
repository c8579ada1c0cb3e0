import os
import subprocess
import sys
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lab.errors import InputError
from lab.evaluate.ab import Experiment, ExperimentVariant
from lab.evaluate.ab.assignment import SPACE, borders, bucket, place

USERS = [f"user_{number}" for number in range(4000)]
RATIOS = st.lists(st.integers(0, 50), min_size=2, max_size=6).filter(lambda parts: sum(parts) > 0)
PINNED = 5135077371538819094  # computed once with sha256sum: should it change, every running experiment would reassign its users
ASSIGN = """
from lab.evaluate.ab.assignment import bucket
print(*("ab"[bucket("s", f"user_{number}") >= 2**63] for number in range(200)))
"""


def experiment(salt="s", **ratios):
    return Experiment("e", tuple(ExperimentVariant(name, {}, ratio) for name, ratio in ratios.items()), salt=salt)


def moved(before, after):
    return sum(before.variant_of(user).name != after.variant_of(user).name for user in USERS) / len(USERS)


@given(RATIOS)
def test_borders_cover_every_number_once(parts):
    upper = borders([Fraction(part, sum(parts)) for part in parts])
    assert upper == sorted(upper)
    assert upper[-1] == SPACE


@given(RATIOS)
def test_an_interval_is_as_large_as_its_share(parts):
    upper = borders([Fraction(part, sum(parts)) for part in parts])
    for part, low, high in zip(parts, [0, *upper], upper, strict=False):
        assert abs((high - low) - Fraction(part, sum(parts)) * SPACE) <= 1


@given(RATIOS, st.integers(0, SPACE - 1))
def test_nobody_belongs_to_an_empty_interval(parts, number):
    assert parts[place(number, borders([Fraction(part, sum(parts)) for part in parts]))] > 0


@pytest.mark.parametrize("number", [0, SPACE // 2 - 1, SPACE // 2, SPACE - 1])
def test_the_first_and_last_numbers_have_a_variant(number):
    assert place(number, borders([Fraction(1, 2)] * 2)) == (number >= SPACE // 2)


@given(st.text(), st.text(), st.text(), st.text())
def test_salt_and_user_do_not_run_together(salt, user, other_salt, other_user):
    assume((salt, user) != (other_salt, other_user))
    assert bucket(salt, user) != bucket(other_salt, other_user)


@given(st.text(min_size=1))
def test_every_id_has_the_same_variant_each_time(user):
    assert experiment(a=0.5, b=0.5).variant_of(user) == experiment(a=0.5, b=0.5).variant_of(user)


@pytest.mark.parametrize("ratios", [{"a": 0.5, "b": 0.5}, {"a": 0.33, "b": 0.33, "c": 0.34}, {"a": 0.9, "b": 0.1}, {"a": 1.0, "b": 0.0}])
def test_groups_are_as_large_as_their_ratios_say(ratios):
    counts = Counter(experiment(**ratios).variant_of(user).name for user in USERS)
    assert all(abs(counts[name] / len(USERS) - ratio) < 0.03 for name, ratio in ratios.items())


def test_the_same_users_in_another_process():
    """Python's own `hash()` of a text differs between the two: PYTHONHASHSEED is not the one of this process."""
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    ran = subprocess.run([sys.executable, "-c", ASSIGN], env=environment, capture_output=True, text=True, check=True)
    here = experiment(a=0.5, b=0.5)
    assert ran.stdout.split() == [here.variant_of(user).name for user in USERS[:200]]


def test_the_assignment_of_today_is_that_of_tomorrow():
    assert bucket("chunking:1", "user_7") == PINNED


def test_the_order_of_variants_moves_nobody():
    assert moved(experiment(a=0.5, b=0.5), experiment(b=0.5, a=0.5)) == 0


def test_another_ratio_moves_only_those_between_the_borders():
    assert moved(experiment(a=0.5, b=0.5), experiment(a=0.8, b=0.2)) == pytest.approx(0.3, abs=0.03)


def test_another_salt_moves_half():
    assert moved(experiment(a=0.5, b=0.5), experiment(salt="t", a=0.5, b=0.5)) == pytest.approx(0.5, abs=0.03)


def test_two_experiments_are_independent():
    one, other = experiment("chunking:1", a=0.5, b=0.5), experiment("reranking:1", a=0.5, b=0.5)
    both = Counter((one.variant_of(user).name, other.variant_of(user).name) for user in USERS)
    assert all(abs(count / len(USERS) - 0.25) < 0.03 for count in both.values())


@pytest.mark.parametrize("user", ["", None, 7])
def test_a_user_without_an_id_is_refused(user):
    with pytest.raises(InputError, match="no id"):
        experiment(a=0.5, b=0.5).variant_of(user)


def test_an_id_of_any_text_is_assigned():
    assert all(experiment(a=0.5, b=0.5).variant_of(user).name in "ab" for user in ("利用者", "a" * 100_000, "\x00", "\ud800"))
