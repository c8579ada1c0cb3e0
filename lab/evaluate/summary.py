"""Figures of a run with their intervals, computed from its rows: per mode, language and stage."""

from collections.abc import Iterable
from typing import Any

from lab.evaluate.agreement import agreement
from lab.evaluate.figures import ANSWERS, JUDGED, RETRIEVAL, Figure
from lab.evaluate.ranking import average
from lab.evaluate.run import Row

LANGUAGES = ("en", "ja")
INTERVALS = "intervals"  # key of a row
# What the lab wants to reach on the half `test`: figure, least or most.
GOALS: dict[str, tuple[str, float]] = {
    "hit@3": ("≥", 0.95),
    "shown_correct": ("≥", 0.80),
    "refused_unanswerable": ("≥", 0.85),
    "wrong_supported": ("≤", 0.03),
}


def summarise(retrieval: list[Row], answers: list[Row]) -> dict[str, Any]:
    """All figures of a run."""
    return {
        "retrieval": [
            {"mode": mode, "language": language, **_ranking(rows)}
            for mode in dict.fromkeys(row["mode"] for row in retrieval)
            for language, rows in by_language(row for row in retrieval if row["mode"] == mode)
        ],
        "answers": [{"language": language, **_answers(rows)} for language, rows in by_language(answers)],
        "timings": _timings(answers),
    }


def by_language(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """The rows of each language, and all of them when there are several."""
    every = list(rows)
    found = [(language, [row for row in every if row["language"] == language]) for language in LANGUAGES]
    found = [(language, part) for language, part in found if part]
    return [*found, ("all", every)] if len(found) > 1 else found


def _ranking(rows: list[Row]) -> dict[str, Any]:
    return {"questions": len(rows), **_figures(RETRIEVAL, rows), "p50_ms": percentile([row["ms"] for row in rows], 50)}


def _answers(rows: list[Row]) -> dict[str, Any]:
    asked = sum(row["answerable"] for row in rows)
    judged = [row for row in rows if "judge" in row]
    figures = {"answerable": asked, "unanswerable": len(rows) - asked, **_figures((*ANSWERS, *(JUDGED if judged else ())), rows)}
    return {**figures, "judge_kappa": _kappa(judged)} if len(judged) > 1 else figures


def _kappa(judged: list[Row]) -> float | None:
    """How far the judge agrees with the exact facts on which answers are right, beyond chance."""
    called = [None if row["judge"]["points"] is None else row["judge"]["good"] for row in judged]
    kappa = agreement([row["correct"] for row in judged], called).kappa
    return None if kappa is None else round(kappa, 4)


def _figures(figures: Iterable[Figure], rows: list[Row]) -> dict[str, Any]:
    """Each figure by its name, and beside them the ends of their intervals."""
    values, ends = {}, {}
    for figure in figures:
        value, sure = figure.value(rows), figure.interval(rows)
        values[figure.name] = None if value is None else round(value, 4)
        if sure and sure.spreads:
            ends[figure.name] = [round(sure.low, 4), round(sure.high, 4)]
    return {**values, INTERVALS: ends}


def _timings(rows: list[Row]) -> list[dict[str, Any]]:
    known = dict.fromkeys(stage for row in rows for stage in row["timings"] if stage != "total")
    stages = [*known, "total"] if rows else []
    values = {stage: [row["timings"][stage] for row in rows if stage in row["timings"]] for stage in stages}
    return [{"stage": stage, "p50": percentile(ms, 50), "p95": percentile(ms, 95)} for stage, ms in values.items()]


def share(values: Iterable[float]) -> float | None:
    """The mean; None of nothing."""
    value = average(values)
    return None if value is None else round(value, 4)


def percentile(values: list[float], per_cent: int) -> float | None:
    """The smallest value that so many per cent of the values do not exceed; None of nothing."""
    return sorted(values)[max(-(-len(values) * per_cent // 100) - 1, 0)] if values else None


def holds(name: str, value: float) -> bool:
    """True when a figure reaches its goal."""
    sign, goal = GOALS[name]
    return value >= goal if sign == "≥" else value <= goal
