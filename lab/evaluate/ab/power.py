"""How many users an experiment needs, decided before it begins, and what it can find with those that it gets.

Power is the chance of finding a difference that is there; 0.8 is usual. Half the difference needs four times as many users.
"""

import math

from lab.errors import InputError

POWER = 0.8
ALPHA = 0.05


def users_for_share(before: float, after: float, power: float = POWER, alpha: float = ALPHA) -> int:
    """Users in each of two groups, to tell one share from another (Cohen's effect size h, two-sided)."""
    from statsmodels.stats.power import NormalIndPower
    from statsmodels.stats.proportion import proportion_effectsize

    if not (0 <= before <= 1 and 0 <= after <= 1) or before == after:
        raise InputError(f"The shares {before} and {after} cannot be told apart.", "Give two different shares from 0 to 1.")
    effect = proportion_effectsize(after, before)
    return math.ceil(float(NormalIndPower().solve_power(effect, alpha=_level(alpha, power), power=power)))


def users_for_mean(difference: float, std: float, power: float = POWER, alpha: float = ALPHA) -> int:
    """Users in each of two groups, to find a difference of means when values spread by `std`."""
    from statsmodels.stats.power import TTestIndPower

    if not difference or std <= 0:
        raise InputError(f"A difference of {difference} with a spread of {std} needs no users.", "Give both, from an earlier run.")
    users = float(TTestIndPower().solve_power(abs(difference) / std, alpha=_level(alpha, power), power=power))
    return max(2, math.ceil(users))


def share_found(before: float, users: int, power: float = POWER, alpha: float = ALPHA) -> float:
    """The smallest higher share that so many users in each group find; 1.0 when none below it would do."""
    from statsmodels.stats.power import NormalIndPower

    if users < 2 or not 0 <= before < 1:
        raise InputError(f"{users} users with a share of {before} find nothing.", "Give at least 2 users and a share below 1.")
    effect = NormalIndPower().solve_power(nobs1=users, alpha=_level(alpha, power), power=power)
    angle = math.asin(math.sqrt(before)) + effect / 2
    return math.sin(angle) ** 2 if angle < math.pi / 2 else 1.0


def _level(alpha: float, power: float) -> float:
    if not 0 < alpha < power < 1:
        raise InputError(f"Level {alpha} and power {power} do not fit.", "Usual are 0.05 and 0.8.")
    return alpha
