"""Looks before the end, paid for: how small p must be at each of several planned looks, so that all together keep the level.

Looking five times at 0.05 finds something in 14 % of experiments without any difference. A group-sequential plan asks for more at
each look. Pocock (1977, Biometrika 64) asks for the same at every look; O'Brien and Fleming (1979, Biometrics 35) for very much at
the first ones and hardly more than 0.05 at the last, so that an experiment that goes to its end loses little.

The chance of crossing a boundary is integrated look by look (Armitage, McPherson and Rowe, 1969). Looks are equally far apart.
"""

import math
from functools import lru_cache

import numpy as np

from lab.evaluate.ab.plan import Boundary

NODES = 200  # of the integration: the published constants come out to three digits with far fewer


@lru_cache(maxsize=64)
def levels(looks: int, alpha: float = 0.05, boundary: Boundary = "obrien-fleming") -> tuple[float, ...]:
    """For each look, the p (two-sided) below which the experiment may stop."""
    from scipy.stats import norm

    return tuple(float(2 * norm.sf(border)) for border in borders(looks, alpha, boundary))


def borders(looks: int, alpha: float = 0.05, boundary: Boundary = "obrien-fleming") -> np.ndarray:
    """The same for the standard normal statistic |z|."""
    from scipy.optimize import brentq
    from scipy.stats import norm

    shape = np.ones(looks) if boundary == "pocock" else np.sqrt(looks / np.arange(1, looks + 1))
    least = norm.isf(alpha / 2)  # one look; more of them never ask for less, nor for more than all looks share the level
    found = brentq(lambda height: crossed(height * shape) - alpha, least - 0.01, norm.isf(alpha / 2 / looks) + 0.01)
    return np.asarray(found * shape)


def crossed(border: np.ndarray) -> float:
    """The chance that |z| of two equal variants exceeds the border at one of the looks, or at several."""
    from scipy.stats import norm

    places, weights = np.polynomial.legendre.leggauss(NODES)
    limits = border * np.sqrt(np.arange(1, len(border) + 1))  # of the sum, which grows by one standard normal step a look
    at, weight = limits[0] * places, limits[0] * weights
    density = norm.pdf(at)
    for limit in limits[1:]:
        density = norm.pdf(limit * places[:, None] - at) @ (density * weight)
        at, weight = limit * places, limit * weights
    return float(1 - math.fsum(density * weight))
