"""One variant against the baseline: how large the difference is, and how often chance alone would give one like it.

share   Newcombe's interval and the score test; Fisher's exact test when fewer than five of a kind are expected in a group.
mean    Welch's test, which does not suppose that both groups spread alike. Also for shares of users with several questions.
time    Mann and Whitney's test of ranks: a few very slow answers have no more weight than other slow ones. The difference is
        that of the medians, with a bootstrap interval, since nobody can wait for a rank.

Several comparisons at once: Holm's method keeps the chance of any false finding below the level, and needs no independence.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import mean
from typing import TYPE_CHECKING, Any

from lab.evaluate.ab.metric import metric
from lab.evaluate.ab.sample import are_yes_or_no

if TYPE_CHECKING:
    import numpy as np

ROUNDING = 1e-9
FEW = 5  # expected in a cell: below it, the score test's normal curve does not fit


@dataclass(frozen=True)
class Comparison:
    """`difference` is variant minus baseline, with its interval. `p_adjusted` is `p_value` after Holm's method."""

    metric: str
    baseline: str
    variant: str
    counts: tuple[int, int]
    difference: float
    low: float
    high: float
    p_value: float
    test: str
    p_adjusted: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def compare(
    name: str, baseline: tuple[str, Sequence[float]], variant: tuple[str, Sequence[float]], alpha: float = 0.05
) -> Comparison | None:
    """The comparison by the test that fits the figure; None when a group has fewer than two values."""
    (one, before), (other, after) = baseline, variant
    if min(len(before), len(after)) < 2:
        return None
    kind = metric(name).kind
    if kind == "share" and are_yes_or_no(before) and are_yes_or_no(after):
        found = _shares(before, after, alpha)
    else:
        found = _times(before, after, alpha) if kind == "time" else _means(before, after, alpha)
    return Comparison(name, one, other, (len(before), len(after)), *found)


Found = tuple[float, float, float, float, str]  # difference, low, high, p, the test's name


def _shares(before: Sequence[float], after: Sequence[float], alpha: float) -> Found:
    from statsmodels.stats.proportion import confint_proportions_2indep

    hits, sizes = (int(sum(after)), int(sum(before))), (len(after), len(before))
    low, high = confint_proportions_2indep(hits[0], sizes[0], hits[1], sizes[1], compare="diff", method="newcomb", alpha=alpha)
    return (mean(after) - mean(before), max(float(low), -1.0), min(float(high), 1.0), *_p_of_shares(hits, sizes))


def _p_of_shares(hits: tuple[int, int], sizes: tuple[int, int]) -> tuple[float, str]:
    """p, and the test that fits so few or so many."""
    pooled = sum(hits) / sum(sizes)
    if min(pooled, 1 - pooled) * min(sizes) < FEW:
        from scipy.stats import fisher_exact

        return float(fisher_exact([[hit, size - hit] for hit, size in zip(hits, sizes, strict=True)]).pvalue), "Fisher"
    import numpy as np
    from statsmodels.stats.proportion import test_proportions_2indep

    with np.errstate(divide="ignore"):  # it computes ratios too, which nobody asked for
        return float(test_proportions_2indep(hits[0], sizes[0], hits[1], sizes[1], method="score").pvalue), "score"


def _means(before: Sequence[float], after: Sequence[float], alpha: float) -> Found:
    from scipy.stats import ttest_ind

    difference = mean(after) - mean(before)
    if not _spreads(before) and not _spreads(after):  # Welch's test divides by the spread; ranks do without
        return difference, difference, difference, _ranks(before, after), "Mann-Whitney"
    found = ttest_ind(after, before, equal_var=False)
    interval = found.confidence_interval(1 - alpha)
    return difference, float(interval.low), float(interval.high), float(found.pvalue), "Welch"


def _spreads(values: Sequence[float]) -> bool:
    """False when the values are equal, or differ by what rounding leaves."""
    return max(values) - min(values) > ROUNDING * max(map(abs, values))


def _times(before: Sequence[float], after: Sequence[float], alpha: float) -> Found:
    from lab.evaluate.intervals import bootstrap

    found = bootstrap(_median_difference, before, after, level=1 - alpha)
    return found.value, found.low, found.high, _ranks(before, after), "Mann-Whitney"


def _median_difference(before: "np.ndarray", after: "np.ndarray", axis: int = -1) -> Any:
    import numpy as np

    return np.median(after, axis=axis) - np.median(before, axis=axis)


def _ranks(before: Sequence[float], after: Sequence[float]) -> float:
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(after, before).pvalue)


def adjust(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The same with Holm's p-values, for the comparisons that one decision rests on."""
    if not comparisons:
        return []
    from statsmodels.stats.multitest import multipletests

    adjusted = multipletests([one.p_value for one in comparisons], method="holm")[1]
    return [replace(one, p_adjusted=float(p)) for one, p in zip(comparisons, adjusted, strict=True)]
