"""Did a change make the lab worse? A run against a stored one, over the same questions and documents: `lab eval --against NAME`.

Each question is its own comparison: what it gave before, what it gives now. When the change does nothing, both values of a question
could as well stand the other way round. The permutation test counts how often such exchanges alone give a loss this large; that
share is p. It also holds for few questions: two lost ones of two are no proof. Several figures are looked at, and each is
another chance of a false alarm, so p is corrected by Holm's method: all figures together raise one in at most 5 of 100 changes
that do nothing. The interval says how large the loss is; it is the paired bootstrap's, of one figure alone.

Retrieval is judged in the mode of each run's settings, because that is what people get.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lab.errors import InputError
from lab.evaluate.figures import ANSWERS, RETRIEVAL, Figure
from lab.evaluate.intervals import SEED, bootstrap
from lab.evaluate.run import Row
from lab.evaluate.runs import Run

LEAST = 0.05  # of all false alarms together
SWAPS = 9999
WATCHED = ("hit@3", "mrr", "ndcg", "shown_correct", "answerable_correct", "refused_unanswerable", "wrong_supported")
LESS_IS_BETTER = {"wrong_supported"}


@dataclass(frozen=True)
class Change:
    """One figure in both runs. `low` and `high` are the ends of the difference's interval."""

    figure: str
    before: float
    after: float
    low: float
    high: float
    better: int  # questions
    worse: int
    p: float
    lost: bool

    @property
    def difference(self) -> float:
        """What the figure gained, below zero what it lost."""
        return self.after - self.before

    def __str__(self) -> str:
        how = f"{self.difference:+.3f}, 95 % interval {self.low:+.3f} to {self.high:+.3f}, p = {self.p:.4f}"
        return f"{self.figure} went from {self.before:.3f} to {self.after:.3f} ({how}; {self.worse} questions worse, {self.better} better)"


def gate(before: Run, after: Run) -> list[Change]:
    """Every watched figure of both runs. Raises InputError for runs that cannot be compared."""
    _require_same(before, after)
    first, second = _rows(before), _rows(after)
    found = [_change(figure, first[table], second[table]) for table, figure in _watched()]
    changes = [one for one in found if one]
    if not changes:
        what = f"{before['name']} and this run have no figure in common."
        raise InputError(what, "Measure the same: with answers or with --retrieval-only in both, and in the same mode.")
    return _corrected(changes)


def losses(changes: Iterable[Change]) -> list[Change]:
    """Those that are no chance."""
    return [one for one in changes if one.lost]


def _watched() -> list[tuple[str, Figure]]:
    every = [("retrieval", one) for one in RETRIEVAL] + [("answers", one) for one in ANSWERS]
    return [(table, one) for table, one in every if one.name in WATCHED]


def _require_same(before: Run, after: Run) -> None:
    name = before["name"]
    if before["questions"] != after["questions"]:
        hint = "Measure with the questions, --half and --language of that run, or store a new one: lab eval"
        raise InputError(f"{name} was measured with other questions, so the two figures are not of the same thing.", hint)
    if not before.get("documents") or before["documents"] != after.get("documents"):
        hint = "Store a new run to compare with, made with the documents of today and the settings of then: lab eval"
        raise InputError(f"{name} was measured on other documents, or stored before runs noted theirs.", hint)


def _rows(run: Run) -> dict[str, dict[str, Row]]:
    """Rows by the question's id, retrieval in the mode of the settings only."""
    mode = run["settings"]["retrieval_mode"]
    found = [row for row in run["retrieval"] if row["mode"] == mode]
    return {"retrieval": {row["id"]: row for row in found}, "answers": {row["id"]: row for row in run["answers"]}}


def _change(figure: Figure, before: dict[str, Row], after: dict[str, Row]) -> Change | None:
    """None where one of the runs has no value: it did not measure this, or no question counts."""
    both = [id for id in before if id in after]
    first, second = ([figure.value([rows[id]]) for id in both] for rows in (before, after))
    old, new = (np.asarray([_pair(figure, rows[id]) for id in both]).reshape(-1, 2) for rows in (before, after))
    counted = (old[:, 1] > 0) | (new[:, 1] > 0)
    if not old[:, 1].sum() or not new[:, 1].sum() or counted.sum() < 2:
        return None
    old, new, sign = old[counted], new[counted], -1 if figure.name in LESS_IS_BETTER else 1
    gains = [sign * (b - a) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    sure = bootstrap(_gain, old[:, 0], old[:, 1], new[:, 0], new[:, 1], paired=True)
    return Change(
        figure.name,
        before=float(old[:, 0].sum() / old[:, 1].sum()),
        after=float(new[:, 0].sum() / new[:, 1].sum()),
        low=sure.low,
        high=sure.high,
        better=sum(one > 0 for one in gains),
        worse=sum(one < 0 for one in gains),
        p=_chance(sign, old, new),
        lost=False,
    )


def _pair(figure: Figure, row: Row) -> tuple[float, float]:
    """Part and whole of one question; nothing where it does not count."""
    return next(iter(figure.pairs([row])), (0.0, 0.0))


def _gain(old: np.ndarray, of_old: np.ndarray, new: np.ndarray, of_new: np.ndarray, axis: int = -1) -> Any:
    with np.errstate(invalid="ignore", divide="ignore"):
        return new.sum(axis=axis) / of_new.sum(axis=axis) - old.sum(axis=axis) / of_old.sum(axis=axis)


def _chance(sign: int, old: np.ndarray, new: np.ndarray) -> float:
    """How often exchanging a question's two values gives a loss as large as this one."""
    from scipy import stats

    both = np.concatenate([old, new])
    if (old == new).all():
        return 1.0

    def loss(first: np.ndarray, second: np.ndarray, axis: int = -1) -> Any:
        gained = sign * _gain(both[first, 0], both[first, 1], both[second, 0], both[second, 1], axis)
        return np.where(np.isfinite(gained), gained, -np.inf)  # no question counts: as bad as can be, which makes p larger

    places = np.arange(len(old)), np.arange(len(old), 2 * len(old))
    test = stats.permutation_test(
        places, loss, permutation_type="samples", vectorized=True, n_resamples=SWAPS, alternative="less", rng=SEED, axis=-1
    )
    return float(test.pvalue)


def _corrected(changes: list[Change]) -> list[Change]:
    from statsmodels.stats.multitest import multipletests

    lost, values, *_ = multipletests([one.p for one in changes], alpha=LEAST, method="holm")
    return [replace(one, p=float(p), lost=bool(is_lost)) for one, p, is_lost in zip(changes, values, lost, strict=True)]
