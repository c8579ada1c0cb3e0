"""Two runs side by side: the figures of both, and the questions whose result changed."""

from typing import Any

from lab.evaluate.ranking import reciprocal_rank
from lab.evaluate.relevance import SECTION
from lab.evaluate.run import Row
from lab.evaluate.runs import Run
from lab.evaluate.summary import INTERVALS

Key = tuple[str, ...]


def compare(before: Run, after: Run) -> dict[str, Any]:
    """What differs between two runs: settings, figures, questions."""
    return {
        "before": before["name"],
        "after": after["name"],
        "settings": _differences(_conditions(before), _conditions(after)),
        "figures": _figures(before, after),
        "retrieval": _changed(_found(before), _found(after)),
        "answers": _changed(_shown(before), _shown(after)),
    }


def _conditions(run: Run) -> dict[str, Any]:
    return {
        **run["settings"],
        **{f"model {name}": one for name, one in run["models"].items()},
        **{k: run[k] for k in ("corpus", "questions")},
    }


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return [{"name": name, "before": before.get(name), "after": after.get(name)} for name in names]


def _figures(before: Run, after: Run) -> list[dict[str, Any]]:
    """Every figure that one of the runs has, for the same mode, language or stage."""
    old, new = _by_key(before), _by_key(after)
    return [{"of": " ".join(key), "before": old.get(key), "after": new.get(key)} for key in {**old, **new}]


def _by_key(run: Run) -> dict[Key, float]:
    found = {}
    for table in ("retrieval", "answers"):
        for row in run["summary"][table]:
            about = tuple(value for name, value in row.items() if name in ("mode", "language"))
            found.update({(*about, name): value for name, value in row.items() if name not in ("mode", "language", INTERVALS)})
    for row in run["summary"]["timings"]:
        found.update({(row["stage"], name): row[name] for name in ("p50", "p95")})
    return found


def _found(run: Run) -> dict[Key, str]:
    return {(row["mode"], row["id"]): _place(row) for row in run["retrieval"]}


def _place(row: Row) -> str:
    found = reciprocal_rank(row["grades"], SECTION)
    return f"place {round(1 / found)}" if found else "not found"


def _shown(run: Run) -> dict[Key, str]:
    return {(row["id"],): f"{row['state']}, {'right' if row['correct'] else 'wrong'}" for row in run["answers"]}


def _changed(before: dict[Key, str], after: dict[Key, str]) -> list[dict[str, str]]:
    both = [key for key in before if key in after and before[key] != after[key]]
    return [{"question": " ".join(key), "before": before[key], "after": after[key]} for key in both]
