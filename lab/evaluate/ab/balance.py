"""Are the groups as large as they should be? Where they are not, something lost or doubled users, and no figure can be trusted.

A chi-square test of the counts against the shares (Fabijan et al., "Diagnosing Sample Ratio Mismatch in Online Controlled
Experiments", 2019). The level is low, because the check runs at every look and a mismatch stops the decision.
"""

from collections.abc import Mapping

ALARM = 0.001


def balance(counts: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """How often chance alone would make the groups as unequal as this; 0 when somebody is in a group that should be empty."""
    from scipy.stats import chisquare

    users = sum(counts.values())
    if any(counts.get(name) and not share for name, share in shares.items()):
        return 0.0
    wanted = {name: users * float(share) for name, share in shares.items() if share}
    if not users or len(wanted) < 2:
        return 1.0
    return float(chisquare([counts.get(name, 0) for name in wanted], list(wanted.values())).pvalue)


def is_balanced(counts: Mapping[str, int], shares: Mapping[str, float]) -> bool:
    """False when the counts are too unequal to be chance."""
    return balance(counts, shares) >= ALARM
