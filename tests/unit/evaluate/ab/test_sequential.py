import numpy as np
import pytest
from scipy import stats

from lab.evaluate.ab.sequential import borders, crossed, levels

RNG = np.random.default_rng(7)
EXPERIMENTS, LOOKS = 20_000, 5
SUMS = np.cumsum(RNG.normal(size=(EXPERIMENTS, LOOKS)), axis=1) / np.sqrt(np.arange(1, LOOKS + 1))  # |z| at each look, without a difference


@pytest.mark.parametrize(
    ("boundary", "looks", "alpha", "last"),
    [
        ("pocock", 2, 0.05, 2.178),
        ("pocock", 5, 0.05, 2.413),
        ("pocock", 10, 0.05, 2.555),
        ("pocock", 5, 0.01, 2.986),
        ("obrien-fleming", 2, 0.05, 1.977),
        ("obrien-fleming", 5, 0.05, 2.040),
        ("obrien-fleming", 10, 0.05, 2.087),
        ("obrien-fleming", 4, 0.01, 2.609),
    ],
)
def test_borders_are_the_published_ones(boundary, looks, alpha, last):
    assert borders(looks, alpha, boundary)[-1] == pytest.approx(last, abs=0.0011)


def test_one_look_is_the_usual_test():
    assert levels(1) == pytest.approx((0.05,), abs=1e-6)


@pytest.mark.parametrize("boundary", ["pocock", "obrien-fleming"])
def test_five_looks_keep_the_level(boundary):
    stopped = (np.abs(SUMS) > borders(LOOKS, 0.05, boundary)).any(axis=1)
    low, high = stats.binom.interval(0.999, EXPERIMENTS, 0.05)
    assert low <= stopped.sum() <= high


def test_five_looks_at_one_level_do_not():
    plain = np.full(LOOKS, stats.norm.isf(0.025))
    assert (np.abs(SUMS) > plain).any(axis=1).mean() == pytest.approx(0.142, abs=0.01)
    assert crossed(plain) == pytest.approx(0.142, abs=0.001)


def test_obrien_and_fleming_ask_for_much_at_first_and_little_at_last():
    early = levels(5)
    assert list(early) == sorted(early)
    assert early[0] < 0.00001
    assert early[-1] > 0.04
