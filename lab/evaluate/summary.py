"""Figures of a run, computed from its rows: per mode, language and stage.

Answers, for the questions of one language:

shown_correct         of the answerable questions that got an answer, the share whose answer is right
answerable_correct    the same of all answerable questions: a refusal counts as wrong
refused_unanswerable  of the questions that the documents cannot answer, the share that is refused
refused_answerable    of the answerable questions, the share that is refused although the documents answer it
wrong_supported       of all sentences shown with a citation, the share that the model wrote and that stand in a wrong answer
wrong_of_model        the same of the sentences that the model wrote and that are shown with a citation

A quoted sentence stands in the documents as it is shown, so it is never a wrong sentence, only sometimes no answer:
that is what `shown_correct` counts. Every cited sentence of a wrong answer counts as wrong, also a true one beside it.
"""

from collections.abc import Iterable
from statistics import mean
from typing import Any

from lab.evaluate.metrics import ARTICLE, hit, reciprocal_rank
from lab.evaluate.run import DEPTH, Row

LANGUAGES = ("en", "ja")
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


def _ranking(rows: list[Row]) -> dict[str, float | None]:
    grades = [row["grades"] for row in rows]
    return {
        "questions": len(rows),
        "hit@1": share(hit(one, 1) for one in grades),
        "hit@3": share(hit(one, 3) for one in grades),
        f"hit@{DEPTH}": share(hit(one, DEPTH) for one in grades),
        "article@3": share(hit(one, 3, ARTICLE) for one in grades),
        "mrr": share(reciprocal_rank(one) for one in grades),
        "ndcg": share(row["ndcg"] for row in rows),
        "p50_ms": percentile([row["ms"] for row in rows], 50),
    }


def _answers(rows: list[Row]) -> dict[str, float | None]:
    asked = [row for row in rows if row["answerable"]]
    others = [row for row in rows if not row["answerable"]]
    shown = [row for row in asked if row["state"] != "refused"]
    cited = sum(row["supported"] for row in rows)
    own = [row for row in rows if row["state"] == "grounded"]
    wrong = sum(row["supported"] for row in own if not row["correct"])
    return {
        "answerable": len(asked),
        "unanswerable": len(others),
        "shown_correct": share(row["correct"] for row in shown),
        "answerable_correct": share(row["correct"] for row in asked),
        "refused_unanswerable": share(row["state"] == "refused" for row in others),
        "refused_answerable": share(row["state"] == "refused" for row in asked),
        **{state: share(row["state"] == state for row in rows) for state in ("grounded", "quoted", "refused")},
        "wrong_supported": wrong / cited if cited else None,
        "wrong_of_model": wrong / made if (made := sum(row["supported"] for row in own)) else None,
    }


def _timings(rows: list[Row]) -> list[dict[str, Any]]:
    known = dict.fromkeys(stage for row in rows for stage in row["timings"] if stage != "total")
    stages = [*known, "total"] if rows else []
    values = {stage: [row["timings"][stage] for row in rows if stage in row["timings"]] for stage in stages}
    return [{"stage": stage, "p50": percentile(ms, 50), "p95": percentile(ms, 95)} for stage, ms in values.items()]


def share(values: Iterable[float]) -> float | None:
    """The mean; None of nothing."""
    every = list(values)
    return round(mean(every), 4) if every else None


def percentile(values: list[float], per_cent: int) -> float | None:
    """The smallest value that so many per cent of the values do not exceed; None of nothing."""
    return sorted(values)[max(-(-len(values) * per_cent // 100) - 1, 0)] if values else None


def holds(name: str, value: float) -> bool:
    """True when a figure reaches its goal."""
    sign, goal = GOALS[name]
    return value >= goal if sign == "≥" else value <= goal
