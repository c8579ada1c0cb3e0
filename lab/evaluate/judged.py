"""What a judge said of many answers, in figures that hide no failure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lab.evaluate.intervals import Interval, bootstrap
from lab.evaluate.judge import POINTS, Judge, Verdict
from lab.evaluate.questions import Question
from lab.evaluate.run import Progress, Row


@dataclass(frozen=True)
class Judged:
    """Points over many answers. `at_worst` and `at_best` give a failed judgement the lowest and the highest points."""

    answers: int
    failed: int  # answers without points
    retried: int  # calls whose reply could not be used
    points: Interval | None
    at_worst: float | None
    at_best: float | None
    spread: float  # mean spread of one answer's points over the repeats


def judged(verdicts: Sequence[Verdict]) -> Judged:
    """Means over the answers, with the failures beside them and not in place of them."""
    known = [one.points for one in verdicts if one.points is not None]
    missing = len(verdicts) - len(known)

    def filled(points: float) -> float | None:
        return (sum(known) + points * missing) / len(verdicts) if verdicts else None

    return Judged(
        answers=len(verdicts),
        failed=missing,
        retried=sum(len(one.failures) for one in verdicts),
        points=bootstrap(np.mean, known) if len(known) > 1 else None,
        at_worst=filled(POINTS[0]),
        at_best=filled(POINTS[1]),
        spread=sum(one.spread for one in verdicts) / len(verdicts) if verdicts else 0.0,
    )


async def judge_answers(judge: Judge, questions: Sequence[Question], rows: Sequence[Row], progress: Progress) -> None:
    """Adds to the row of each answer that was shown, and that can be right, what the judge said of it: `row["judge"]`."""
    expected = {one.id: one.answer for one in questions if one.answerable}
    shown = [row for row in rows if row["id"] in expected and row["state"] != "refused"]
    for done, row in enumerate(shown):
        progress(done, len(shown), "judging")
        verdict = await judge.score(row["question"], row["answer"], expected[row["id"]] or "")
        row["judge"] = {"points": verdict.points, "good": verdict.good(), "failures": list(verdict.failures)}
    progress(len(shown), len(shown), "judging")
