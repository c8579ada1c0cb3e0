"""How sure is a figure? Intervals by the bootstrap: draw the questions again and again, and see how far the figure moves.

An interval of 95 % comes from a method that covers the true value in about 95 of 100 such experiments. It is made by taking as
many values as there are, with replacement, 2 000 times, and keeping the middle 95 % of the figures (percentile bootstrap).
The seed is fixed, so the same values always give the same interval.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lab.errors import InputError

LEVEL = 0.95
RESAMPLES = 2000  # the ends move by about 0.001 between seeds for 100 questions; ten times as many cost ten times as long
SEED = 20_240_607  # any number; fixed, so that two people get the same interval
Statistic = Callable[..., Any]  # takes each sample and `axis`, as numpy's mean does


@dataclass(frozen=True)
class Interval:
    """A figure with its interval, and how many values it rests on.

    Where every draw gives the same figure, both ends are that figure. That is no certainty: the values show no spread to draw from.
    """

    value: float
    low: float
    high: float
    count: int

    @property
    def decided(self) -> bool:
        """True when zero is outside: of a difference, its sign is known."""
        return self.spreads and (self.low > 0 or self.high < 0)

    @property
    def spreads(self) -> bool:
        """False when the ends are one figure, but for what rounding leaves."""
        return not math.isclose(self.low, self.high, rel_tol=1e-9, abs_tol=1e-12)

    def __str__(self) -> str:
        ends = f"[{self.low:.3f}, {self.high:.3f}]" if self.spreads else "(no interval: too few different values)"
        return f"{self.value:.3f} {ends}"


def mean_interval(values: Sequence[float], level: float = LEVEL, seed: int = SEED) -> Interval:
    """The mean of shares: one value from 0 to 1 for each question. For other values: bootstrap(np.mean, values).

    Where all are 0 or all are 1, drawing again shows nothing new: the interval is then Wilson's for a share, which knows that
    20 of 20 is no proof of always.
    """
    sample = _sample(values, 1)
    if set(sample.tolist()) in ({0.0}, {1.0}):
        return _wilson(int(sample.sum()), len(sample), level)
    return bootstrap(np.mean, sample, level=level, seed=seed)


def paired_interval(before: Sequence[float], after: Sequence[float], level: float = LEVEL, seed: int = SEED) -> Interval:
    """The mean of `after` minus that of `before`, where values at one place are of the same question."""
    if len(before) != len(after):
        raise InputError(
            f"{len(before)} values cannot be paired with {len(after)}.", "Give both values of each question, in the same order."
        )
    return bootstrap(np.mean, _sample(after) - _sample(before), level=level, seed=seed)


def difference_interval(before: Sequence[float], after: Sequence[float], level: float = LEVEL, seed: int = SEED) -> Interval:
    """The mean of `after` minus that of `before`, of two groups that share no question (or user)."""
    return bootstrap(_mean_difference, _sample(before), _sample(after), level=level, seed=seed)


def ratio_interval(parts: Sequence[float], wholes: Sequence[float], level: float = LEVEL, seed: int = SEED) -> Interval:
    """sum(parts) / sum(wholes), with one part and one whole for each question: wrong sentences of all sentences, say.

    Where the ratio is 0 or 1, the interval is Wilson's for so many questions, as that of a mean is.
    """
    pairs = [(part, whole) for part, whole in zip(parts, wholes, strict=True) if whole]
    first, second = ([pair[side] for pair in pairs] for side in (0, 1))
    part, whole = _sample(first), _sample(second)
    if part.sum() in (0, whole.sum()):
        return _wilson(len(part) if part.any() else 0, len(part), level)
    return bootstrap(_ratio, part, whole, paired=True, level=level, seed=seed)


def bootstrap(
    statistic: Statistic, *samples: Sequence[float] | np.ndarray, paired: bool = False, level: float = LEVEL, seed: int = SEED
) -> Interval:
    """The interval of any statistic of one or more samples; `statistic` must take `axis`. Raises InputError below two values."""
    from scipy import stats

    arrays = [_sample(one) for one in samples]
    value, count = float(statistic(*arrays, axis=-1)), min(map(len, arrays))
    if all(np.ptp(one) == 0 for one in arrays):  # drawing again gives the same
        return Interval(value, value, value, count)
    beyond = (1 - level) / 2
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        drawn = stats.bootstrap(
            arrays, statistic, paired=paired, vectorized=True, confidence_level=level, n_resamples=RESAMPLES, method="percentile", rng=seed
        ).bootstrap_distribution
        # Where few questions count, some draws have none of them and no figure: they do not say how far it moves.
        low, high = np.nanquantile(drawn, [beyond, 1 - beyond])
    return Interval(value, float(low), float(high), count)


def _sample(values: Sequence[float] | np.ndarray, least: int = 2) -> np.ndarray:
    array = np.asarray(values, dtype=float)
    if len(array) < least or not np.isfinite(array).all():
        raise InputError(
            f"An interval needs at least {least} values, all of them numbers; there are {len(array)}.", "Measure more questions: lab eval"
        )
    return array


def _mean_difference(before: np.ndarray, after: np.ndarray, axis: int = -1) -> Any:
    return np.mean(after, axis=axis) - np.mean(before, axis=axis)


def _ratio(parts: np.ndarray, wholes: np.ndarray, axis: int = -1) -> Any:
    return np.sum(parts, axis=axis) / np.sum(wholes, axis=axis)


def _wilson(successes: int, count: int, level: float) -> Interval:
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(successes, count, alpha=1 - level, method="wilson")
    return Interval(successes / count, float(low), float(high), count)
