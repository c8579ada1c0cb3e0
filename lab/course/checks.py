"""check, hint and solution: what a learner calls in a notebook. None of them raises, so Run All always reaches the end."""

import inspect
import json
import re

from lab.course import progress
from lab.course.exercise import Exercise, all_exercises
from lab.course.judge import judge
from lab.course.text import text
from lab.course.verdict import Note, State, Verdict
from lab.settings import ROOT

SOLUTIONS = ROOT / "solutions"
MARK_LINE = re.compile(r"^[ \t]*### (BEGIN|END) SOLUTION.*\n?", re.MULTILINE)


def check(id: str) -> Verdict:
    """Judge exercise `id` by the names that the calling cell's notebook holds. Example: `check("speed")`."""
    exercise = _find(id)
    if exercise is None:
        return Verdict(_title(id), State.INCORRECT, _unknown(id))
    frame = inspect.currentframe()
    verdict = judge(exercise, frame.f_back.f_globals if frame and frame.f_back else {})
    progress.record_verdict(id, verdict.state)
    return verdict


def hint(id: str, number: int = 1) -> Note:
    """One of the exercise's hints; a higher number says more. Example: `hint("speed", 2)`."""
    exercise = _find(id)
    if exercise is None:
        return Note(_title(id), _unknown(id))
    if not isinstance(number, int):
        return Note(id, text('Write the number of the hint without quotes: `hint("{id}", 2)`.', id=id))
    number = min(max(number, 1), len(exercise.hints))
    progress.record_hint(id, number)
    title = text("Hint {number} of {count}", number=number, count=len(exercise.hints))
    return Note(title, text(exercise.hints[number - 1]) if exercise.hints else text("This exercise has no hints."))


def solution(id: str) -> Note:
    """The worked answer, read from the lesson's notebook in `solutions/`. Example: `solution("speed")`."""
    exercise = _find(id)
    if exercise is None:
        return Note(_title(id), _unknown(id))
    source = solution_source(exercise)
    if not source:
        return Note(id, text("The notebooks of the folder `solutions` are not here, so there is no worked answer to show."))
    progress.record_solution(id)
    return Note(text("One way to solve {id}", id=id), source, is_code=True)


def solution_source(exercise: Exercise) -> str:
    """Source of the cell `ex-<id>` in the lesson's solution, without the generator's marks; empty when it isn't found."""
    for path in sorted(SOLUTIONS.glob(f"{exercise.lesson}_*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell.get("id") == f"ex-{exercise.id}":
                return MARK_LINE.sub("", "".join(cell["source"])).rstrip()
    return ""


def _find(id: object) -> Exercise | None:
    return all_exercises().get(id) if isinstance(id, str) else None


def _title(id: object) -> str:
    return id if isinstance(id, str) else text("Which exercise?")


def _unknown(id: object) -> str:
    if not isinstance(id, str):
        example = next(iter(all_exercises()), "speed")
        return text('Write the name of the exercise in quotes, like `check("{example}")`. Known: {names}.', example=example, names=_names())
    return text("There is no exercise of this name. Known: {names}.", names=_names())


def _names() -> str:
    return ", ".join(all_exercises())
