"""What an application tells on `/metrics`, read without Prometheus: two scrapes are enough for rates and percentiles."""

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.observe.figures import WINDOW, Figure, Labels

PATIENCE = 5.0  # seconds for an answer
Buckets = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Scrape:
    """All samples of one moment: name, labels and value of each."""

    at: float
    samples: tuple[tuple[str, dict[str, str], float], ...]

    def total(self, name: str, where: Labels) -> float | None:
        """Sum of the series of a name that have these labels; None when there is none."""
        found = [value for other, labels, value in self.samples if other == name and _fits(labels, where)]
        return sum(found) if found else None

    def buckets(self, metric: str, where: Labels) -> dict[float, float]:
        """Upper bound and number of events up to it."""
        counts: dict[float, float] = {}
        for name, labels, value in self.samples:
            if name == f"{metric}_bucket" and _fits(labels, where):
                bound = float(labels["le"])
                counts[bound] = counts.get(bound, 0.0) + value
        return counts


def _fits(labels: dict[str, str], where: Labels) -> bool:
    return all(labels.get(name) in values for name, values in where.items())


def scrape(url: str) -> Scrape:
    """Reads `url`/metrics now. Raises httpx.HTTPError."""
    import httpx

    return parse(httpx.get(f"{url}/metrics", timeout=PATIENCE, trust_env=False).raise_for_status().text)


def parse(text: str) -> Scrape:
    """The samples in the text that Prometheus reads."""
    from prometheus_client.parser import text_string_to_metric_families

    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return Scrape(time.time(), tuple((one.name, dict(one.labels), one.value) for one in samples))


def value(figure: Figure, scrapes: Sequence[Scrape]) -> float:
    """A figure from the newest scrape and the oldest one of the window; NaN where nothing happened in between, or is known.

    After a pause that was longer than the window, the scrape before the pause is the other one.
    """
    now = scrapes[-1]
    older = [one for one in scrapes if one.at < now.at]
    before = next((one for one in older if one.at >= now.at - WINDOW), (older or [now])[-1])
    seconds = now.at - before.at
    match figure.kind:
        case "sum":
            return _known(now.total(figure.metric, figure.where))
        case "quantile":
            return quantile(figure.quantile, grown(before.buckets(figure.metric, figure.where), now.buckets(figure.metric, figure.where)))
        case "rate":
            return _ratio(_growth(before, now, figure.metric, figure.where), seconds)
        case "mean":
            return _ratio(*(_growth(before, now, f"{figure.metric}_{part}", figure.where) for part in ("sum", "count")))
        case "share":
            return _ratio(*(_growth(before, now, figure.metric, where) for where in ({**figure.where, **figure.part}, figure.where)))


def grown(before: dict[float, float], now: dict[float, float]) -> Buckets:
    """The events between two scrapes, by upper bound; a count that fell began anew in between."""
    return [(bound, count - before.get(bound, 0.0) if count >= before.get(bound, 0.0) else count) for bound, count in sorted(now.items())]


def quantile(share: float, buckets: Buckets) -> float:
    """The value that this share of the events does not exceed, as Prometheus estimates it: evenly spread inside a bucket.

    In the last bucket, which has no end, it is the end of the one before: `quantile(0.5, [(1, 0), (inf, 9)])` is 1.
    """
    total = buckets[-1][1] if buckets else 0.0
    if total <= 0:
        return math.nan
    low, below = 0.0, 0.0
    for bound, count in buckets:
        if count >= share * total and count > below:
            return low if math.isinf(bound) else low + (bound - low) * (share * total - below) / (count - below)
        low, below = (low if math.isinf(bound) else bound), count
    return low


def _growth(before: Scrape, now: Scrape, name: str, where: Labels) -> float:
    new, old = _known(now.total(name, where)), before.total(name, where) or 0.0
    return new - old if not new < old else new


def _known(found: float | None) -> float:
    return math.nan if found is None else found


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else math.nan


def readable(values: Iterable[float]) -> list[float]:
    """Those that are numbers."""
    return [one for one in values if not math.isnan(one)]
