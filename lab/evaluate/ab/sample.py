"""The values of one figure: one for each user, and what describes them.

Users are assigned, so users are counted: ten questions of one user are not ten independent observations. A user's value is the
mean of that user's questions, and the median of times. What was recorded without a user counts by itself.

Intervals: Wilson's for shares, because the usual one reaches beyond 0 and 1 for few users; Student's t for means; order
statistics for the median of times, because they suppose no form of the distribution.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import mean, median, stdev
from typing import Any

from lab.evaluate.ab.metric import FAILED, metric
from lab.evaluate.ab.store import Result
from lab.evaluate.summary import percentile

Values = dict[str, list[float]]  # of each variant


def per_user(results: Iterable[Result], name: str) -> Values:
    """The values of one figure by variant; {} when it was never recorded. A failure counts as the figure says."""
    about = metric(name)
    values: dict[str, dict[str | int, list[float]]] = defaultdict(lambda: defaultdict(list))
    recorded = False
    for number, one in enumerate(results):
        recorded |= one.metric == name
        failed = about.if_failed is not None and one.metric == FAILED and one.value == 1
        if one.metric == name or failed:
            values[one.variant][one.user or number].append(one.value if one.metric == name else about.if_failed or 0.0)
    middle = median if about.kind == "time" else mean
    return {variant: [middle(own) for own in users.values()] for variant, users in values.items()} if recorded else {}


def are_yes_or_no(values: Iterable[float]) -> bool:
    """True when each user has one question, or the same result for all of them."""
    return all(value in (0, 1) for value in values)


def describe(name: str, values: Sequence[float], alpha: float = 0.05) -> dict[str, Any]:
    """Figures of one variant. `std` is the sample's (n - 1). None where there are too few values."""
    figures: dict[str, Any] = {"mean": None, "std": None, "count": len(values), "min": None, "max": None, "p50": None, "p95": None}
    if not values:
        return {**figures, "low": None, "high": None, "interval": ""}
    low, high, interval = confidence(name, values, alpha)
    figures |= {"mean": mean(values), "std": stdev(values) if len(values) > 1 else None, "min": min(values), "max": max(values)}
    figures |= {"p50": percentile(list(values), 50), "p95": percentile(list(values), 95)}
    return {**figures, "low": low, "high": high, "interval": interval}


def confidence(name: str, values: Sequence[float], alpha: float) -> tuple[float | None, float | None, str]:
    """An interval with the confidence 1 - alpha, and what it is for."""
    kind = metric(name).kind
    if kind == "share" and are_yes_or_no(values):
        from statsmodels.stats.proportion import proportion_confint

        low, high = proportion_confint(sum(values), len(values), alpha, method="wilson")
        return float(low), float(high), "share, Wilson"
    from scipy import stats

    if kind == "time":
        found = stats.quantile_test(values, q=median(values), p=0.5).confidence_interval(1 - alpha)
        low, high = float(found.low), float(found.high)
        return (None, None, "") if low != low or high != high else (low, high, "median, order statistics")
    if len(values) < 2 or stdev(values) == 0:
        return None, None, ""
    found = stats.ttest_1samp(values, 0).confidence_interval(1 - alpha)
    return float(found.low), float(found.high), "mean, t"
