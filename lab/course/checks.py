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
    exercise = all_exercises().get(id)
    if exercise is None:
        return Verdict(id, State.INCORRECT, _unknown())
    frame = inspect.currentframe()
    verdict = judge(exercise, frame.f_back.f_globals if frame and frame.f_back else {})
    progress.record_verdict(id, verdict.state)
    return verdict


def hint(id: str, number: int = 1) -> Note:
    """One of the exercise's hints; a higher number says more. Example: `hint("speed", 2)`."""
    exercise = all_exercises().get(id)
    if exercise is None:
        return Note(id, _unknown())
    number = min(max(number, 1), len(exercise.hints))
    progress.record_hint(id, number)
    title = text("Hint {number} of {count}", number=number, count=len(exercise.hints))
    return Note(title, text(exercise.hints[number - 1]) if exercise.hints else text("This exercise has no hints."))


def solution(id: str) -> Note:
    """The worked answer, read from the lesson's notebook in `solutions/`. Example: `solution("speed")`."""
    exercise = all_exercises().get(id)
    if exercise is None:
        return Note(id, _unknown())
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


def _unknown() -> str:
    return text("There is no exercise of this name. Known: {names}.", names=", ".join(all_exercises()))
