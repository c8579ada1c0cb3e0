"""Does a judge agree with people? Cohen's kappa: agreement beyond what two raters would have by chance.

A judge that always says "right" agrees with people on 80 of 100 answers when 80 are right, and knows nothing: kappa is 0. 1 is
perfect agreement, below 0 is less than chance. A judgement that failed has a label of its own, so it counts as no agreement.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lab.errors import InputError
from lab.evaluate.intervals import Interval

FAILED = "failed"


@dataclass(frozen=True)
class Agreement:
    """`share` is plain agreement. Kappa is None where both raters only ever used one and the same label: chance explains it all.

    `low` and `high` are None where the answers show no spread of kappa, as with a judge who only says "right": that is no certainty.
    """

    share: float
    kappa: float | None
    low: float | None
    high: float | None
    count: int

    def __str__(self) -> str:
        interval = "(no interval: too few different answers)" if self.low is None else f"[{self.low:.2f}, {self.high:.2f}]"
        kappa = "undefined" if self.kappa is None else f"{self.kappa:.2f} {interval}"
        return f"agreement {self.share:.2f}, kappa {kappa}, {self.count} answers"


def agreement(gold: Sequence[object], judged: Sequence[object]) -> Agreement:
    """Kappa with its interval of 95 %, by statsmodels. None in `judged` stands for a judgement that failed."""
    if len(gold) != len(judged) or len(gold) < 2:
        raise InputError(
            f"{len(gold)} gold labels and {len(judged)} judgements.", "Give one of each for every answer, two answers or more."
        )
    told = [FAILED if one is None else one for one in judged]
    share = sum(a == b for a, b in zip(gold, told, strict=True)) / len(gold)
    labels = list(dict.fromkeys([*gold, *told]))
    if len(labels) < 2:
        return Agreement(share, None, None, None, len(gold))
    from statsmodels.stats.inter_rater import cohens_kappa

    table = [[sum(a == one and b == other for a, b in zip(gold, told, strict=True)) for other in labels] for one in labels]
    with np.errstate(invalid="ignore", divide="ignore"):  # a judge with one label has no z value, which is not used here
        found = cohens_kappa(table)
    sure = Interval(float(found.kappa), float(found.kappa_low), float(found.kappa_upp), len(gold))
    low, high = (sure.low, sure.high) if sure.spreads else (None, None)
    return Agreement(share, sure.value, low, high, sure.count)
