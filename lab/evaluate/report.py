"""A run, a comparison and a calibration as tables for the terminal."""

from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from lab.evaluate.gate import Change
from lab.evaluate.runs import Run
from lab.evaluate.summary import GOALS, INTERVALS, holds

Figure = float | int | None
COUNTS = ("questions", "answerable", "unanswerable")
SHORT = {"questions": "n", "article@3": "art@3", "precision@3": "prec@3", "p50_ms": "ms"}  # so that a table fits into 80 columns
PLACES = ("questions", "hit@1", "hit@3", "hit@10", "article@3", "mrr", "p50_ms")
SHARES = ("precision@3", "recall@3", "f1@3", "recall@10", "map", "ndcg")


def _grid(*columns: str, title: str) -> Table:
    """A table that fits ten figures into 80 columns."""
    grid = Table(title=title, box=SIMPLE, padding=(0, 1, 0, 0))
    for column in columns:
        grid.add_column(column, no_wrap=True)
    return grid


def tables(run: Run) -> list[Table]:
    """Retrieval, answers, times."""
    found = run["summary"]
    made = []
    if found["retrieval"]:
        made.append(_retrieval(found["retrieval"], PLACES, "Retrieval: where is the passage that holds the answer?"))
        made.append(_retrieval(found["retrieval"], SHARES, "Retrieval: how many of the passages that hold it?"))
    if found["answers"]:
        made += [_answers(found["answers"]), _timings(found["timings"])]
    return made


def _retrieval(rows: list[dict[str, Any]], names: tuple[str, ...], title: str) -> Table:
    grid = _grid("mode", "", *(SHORT.get(name, name) for name in names), title=title)
    for row in rows:
        cells = (_mark(name, row.get(name), row["mode"] == "hybrid") + _ends(row, name, "\n") for name in names)
        grid.add_row(row["mode"], row["language"], *cells)
    return grid


def _answers(rows: list[dict[str, Any]]) -> Table:
    grid = _grid("figure", *(row["language"] for row in rows), "goal", title="Answers: what is shown")
    for name in (one for one in rows[0] if one not in ("language", INTERVALS)):
        goal = f"{GOALS[name][0]} {GOALS[name][1]:.2f}" if name in GOALS else ""
        grid.add_row(name, *(_mark(name, row[name], True) + _ends(row, name, " ") for row in rows), goal)
    return grid


def _ends(row: dict[str, Any], name: str, before: str) -> str:
    """The interval of a figure, where it has one: .91–.98"""
    ends = row.get(INTERVALS, {}).get(name)
    return before + "–".join(f"{end:.2f}".removeprefix("0") for end in ends) if ends else ""


def _timings(rows: list[dict[str, Any]]) -> Table:
    grid = _grid("stage", "p50 ms", "p95 ms", title="Times of an answer")
    for row in rows:
        grid.add_row(row["stage"], _number("", row["p50"]), _number("", row["p95"]))
    return grid


def _mark(name: str, value: Figure, has_goal: bool) -> str:
    """A figure, with its goal beside it when it misses that."""
    if not has_goal or name not in GOALS or value is None or holds(name, value):
        return _number(name, value)
    sign, goal = GOALS[name]
    return f"{_number(name, value)} {'<' if sign == '≥' else '>'}{goal:.2f}"


def _number(name: str, value: Figure) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if name in COUNTS or value >= 10 else f"{value:.3f}"


def compared(difference: dict[str, Any]) -> list[Table]:
    """Settings, figures and questions that differ between two runs."""
    titles = {
        "settings": ("name", "What the runs were made with, where it differs"),
        "figures": ("of", "Figures"),
        "retrieval": ("question", "Questions whose passage is found at another place"),
        "answers": ("question", "Questions with another result"),
    }
    made = []
    for part, (first, title) in titles.items():
        grid = _grid(first, difference["before"], difference["after"], title=title)
        for row in difference[part]:
            grid.add_row(row[first], *(_cell(row[side]) for side in ("before", "after")))
        if difference[part]:
            made.append(grid)
    return made


def gated(changes: list[Change], name: str) -> Table:
    """What the regression gate looked at, losses marked."""
    grid = _grid("figure", "before", "now", "95 % of the change", "worse", "better", "p", "", title=f"Against {name}: what got worse?")
    for one in changes:
        figures = (f"{one.before:.3f}", f"{one.after:.3f}", f"{one.low:+.3f} to {one.high:+.3f}")
        grid.add_row(one.figure, *figures, str(one.worse), str(one.better), f"{one.p:.4f}", "LOST" if one.lost else "")
    return grid


def _cell(value: Any) -> str:
    return _number("", value) if isinstance(value, float) or value is None else str(value)[:40]


def calibrated(result: dict[str, Any]) -> list[Table]:
    """The curves of a calibration, each with the chosen threshold marked."""
    made = []
    for name, curve in result["curves"].items():
        chosen = result["chosen"][name]
        grid = _grid(*curve[0], title=f"{name}: {chosen:.2f} is chosen ({result['embed_model']}, {result['chat_model']})")
        for row in curve:
            marked = f"{row['threshold']:.2f}{' <' if row['threshold'] == chosen else ''}"
            grid.add_row(marked, *(_number("", value) for key, value in row.items() if key != "threshold"))
        made.append(grid)
    return made
