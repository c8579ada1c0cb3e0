"""What the learner has done so far: one JSON file in the lab's state folder, outside git.

A full disk, a broken file or a missing folder never stops a check: then this check is not remembered, and that is all.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.course.exercise import all_exercises
from lab.course.text import text
from lab.course.verdict import State
from lab.errors import LabError
from lab.files import write_whole
from lab.settings import get_settings

VERSION = 1
FILE = "progress.json"


@dataclass(frozen=True)
class ExerciseProgress:
    """What was reached in one exercise. `hints` is the highest hint number that was read."""

    id: str
    lesson: str
    best: State = State.NOT_ATTEMPTED
    tries: int = 0
    hints: int = 0
    solution_seen: bool = False


@dataclass(frozen=True)
class Summary:
    """All exercises of the course and what was reached in each."""

    exercises: tuple[ExerciseProgress, ...]

    @property
    def solved(self) -> int:
        """How many exercises are correct."""
        return sum(one.best is State.CORRECT for one in self.exercises)

    def __str__(self) -> str:
        return text("{solved} of {total} exercises solved", solved=self.solved, total=len(self.exercises))


def summary() -> Summary:
    """Progress over the whole course, for the board. With progress switched off, all are not attempted."""
    known = _read(_path()).get("exercises", {})
    return Summary(tuple(_one(id, exercise.lesson, known.get(id)) for id, exercise in all_exercises().items()))


def record_verdict(id: str, state: State) -> None:
    """Count a try and keep the best verdict. An untouched exercise is no try."""

    def change(entry: dict[str, Any]) -> None:
        if state is State.NOT_ATTEMPTED:
            return
        entry["tries"] = entry.get("tries", 0) + 1
        if state.rank > _state(entry.get("best")).rank:
            entry["best"] = state.value
        if state is State.CORRECT:
            entry.setdefault("solved_at", datetime.now(UTC).isoformat(timespec="seconds"))

    _update(id, change)


def record_hint(id: str, number: int) -> None:
    """Keep the highest hint number that was read."""
    _update(id, lambda entry: entry.update(hints=max(number, entry.get("hints", 0))))


def record_solution(id: str) -> None:
    """Remember that the worked answer was shown."""
    _update(id, lambda entry: entry.update(solution_seen=True))


def _path() -> Path | None:
    """Where progress is kept; None when it is switched off (LAB_PROGRESS=off) or a setting cannot be read."""
    try:
        settings = get_settings()
    except LabError:
        return None
    return settings.lab_home / FILE if settings.lab_progress else None


def _read(path: Path | None) -> dict[str, Any]:
    """The file as it is, or an empty record when it is absent or was damaged."""
    try:
        data = json.loads(path.read_text("utf-8")) if path else {}
    except (OSError, ValueError):
        return {}
    usable = isinstance(data, dict) and isinstance(data.get("exercises"), dict)
    return data if usable else {}


def _update(id: str, change: Callable[[dict[str, Any]], None]) -> None:
    path = _path()
    if path is None:
        return
    data = {"version": VERSION, "exercises": {}, **_read(path)}
    entry = data["exercises"].get(id)
    data["exercises"][id] = entry = entry if isinstance(entry, dict) else {}
    try:
        change(entry)
        write_whole(path, json.dumps(data, indent=1, sort_keys=True))
    except (OSError, TypeError):  # a disk that is full or read-only, a value that somebody edited into nonsense
        return


def _state(value: Any) -> State:
    return State(value) if isinstance(value, str) and value in set(State) else State.NOT_ATTEMPTED


def _one(id: str, lesson: str, entry: Any) -> ExerciseProgress:
    entry = entry if isinstance(entry, dict) else {}
    tries, hints = (value if isinstance(value, int) else 0 for value in (entry.get("tries"), entry.get("hints")))
    return ExerciseProgress(id, lesson, _state(entry.get("best")), tries, hints, bool(entry.get("solution_seen")))
