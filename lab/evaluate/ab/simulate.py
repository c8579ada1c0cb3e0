"""Users who ask: each with an id of their own and a question drawn from those with known answers.

One question for everybody would be answered from a cache after the first user, and would measure that one question.
Users come in the order of their numbers, which has nothing to do with their variants: no variant is measured first.
"""

import random
from collections.abc import Callable, Sequence

from lab.errors import LabError
from lab.evaluate.ab.metric import FAILED
from lab.evaluate.ab.service import ABTestedRAGService
from lab.evaluate.questions import Question
from lab.evaluate.run import Progress

Action = Callable[[str, Question], object]


def question_of(user: str, questions: Sequence[Question]) -> Question:
    """The user's question: the same one in every run, and in every process."""
    return random.Random(f"question of {user}").choice(questions)  # a text as seed does not depend on PYTHONHASHSEED


def simulate(
    service: ABTestedRAGService,
    users: Sequence[str],
    questions: Sequence[Question],
    answers: bool = False,
    progress: Progress | None = None,
) -> int:
    """Let users ask who have no result yet, so that a run that broke off goes on; gives how many asked now.

    A question that fails is recorded as failed, and the next user asks.
    """
    done = {one.user for one in service.manager.store.results(service.experiments[0]) if one.metric == FAILED}
    waiting = [user for user in users if user not in done]
    action: Action = service.ask if answers else service.search
    for number, user in enumerate(waiting):
        if progress:
            progress(number, len(waiting), user)
        _try(action, user, question_of(user, questions))
    return len(waiting)


def _try(action: Action, user: str, question: Question) -> None:
    try:
        action(user, question)
    except LabError:  # recorded by the service; anything else is a mistake in the program and stops the run
        return
