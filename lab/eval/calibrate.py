"""Thresholds of grounding from the calibration half: the curves, and what is chosen on them.

covered    how well passages must fit a question; chosen: the highest that refuses at most MISSED of the questions that the
           documents answer, because a refusal does less harm than a wrong answer
supported  how well a source must support a sentence of the model; chosen: the lowest at which at most WRONG of all cited
           sentences are the model's own in a wrong answer

The half `test` judges the choice: lab eval
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from lab.eval.evaluate import prepare
from lab.eval.judge import correct
from lab.eval.questions import Question
from lab.eval.run import Progress
from lab.eval.summary import share
from lab.settings import Settings

if TYPE_CHECKING:
    from lab.rag.pipeline import Rag

MISSED = 0.10
WRONG = 0.03
COVERED = [step / 50 for step in range(5, 61)]  # 0.10 to 1.20
SUPPORTED = [step / 50 for step in range(25, 51)]  # 0.50 to 1.00


@dataclass(frozen=True)
class Measured:
    """One question, measured with thresholds that let everything through."""

    question: Question
    readable: bool  # the embedding model reads its language
    coverage: float
    draft: list[tuple[str, float]]  # sentences of the model with their support; 0 when something else speaks against one
    quote: str
    quoted: int  # sentences in the quote


def calibrate(settings: Settings, questions: list[Question], progress: Progress) -> dict[str, Any]:
    """Both thresholds with their curves."""
    measured = measure(settings, questions, progress)
    readable, others = ([one for one in measured if one.readable is wanted] for wanted in (True, False))
    curves = {"covered": _covered(readable), "by_words": _covered(others)}
    chosen = {name: _highest(curve) for name, curve in curves.items() if curve}
    asked = [one for one in measured if one.coverage >= (chosen["covered"] if one.readable else chosen["by_words"])]
    curves["supported"] = _supported(asked)
    chosen["supported"] = _fewest_wrong(curves["supported"])
    return {
        "questions": len(measured),
        "chat_model": settings.chat_model,
        "embed_model": settings.embed_model,
        "chosen": chosen,
        "curves": {name: curve for name, curve in curves.items() if curve},
        "measured": [asdict(one) for one in measured],
    }


def measure(settings: Settings, questions: list[Question], progress: Progress) -> list[Measured]:
    """Each question through retrieval, model and grounding."""
    rag = prepare(settings, questions, progress)
    measured = []
    for done, question in enumerate(questions):
        progress(done, len(questions), "measuring")
        measured.append(_measured(rag, question))
    return measured


def _measured(rag: "Rag", question: Question) -> Measured:
    evidence, draft = rag.examine(question.question)
    evidence.supported = 0.0  # lets every sentence through that nothing else speaks against
    quote = evidence.quote()
    return Measured(
        question,
        evidence.readable,
        evidence.coverage(),
        [(text, support if source else 0.0) for text, source, support in evidence.check(draft.text)],
        " ".join(source.text for source in quote),
        len(quote),
    )


def _covered(measured: list[Measured]) -> list[dict[str, Any]]:
    """For each threshold: who is refused."""
    asked = [one for one in measured if one.question.answerable]
    others = [one for one in measured if not one.question.answerable]
    if not asked or not others:
        return []
    return [
        {
            "threshold": threshold,
            "refused_unanswerable": share(one.coverage < threshold for one in others),
            "refused_answerable": share(one.coverage < threshold for one in asked),
        }
        for threshold in COVERED
    ]


def _highest(curve: list[dict[str, Any]]) -> float:
    """The highest threshold that refuses few of the questions that have an answer."""
    allowed = [row["threshold"] for row in curve if row["refused_answerable"] <= MISSED]
    return float(max(allowed, default=curve[0]["threshold"]))


def _supported(asked: list[Measured]) -> list[dict[str, Any]]:
    """For each threshold: how often the model's words are shown, and how often what is shown is right."""
    return [{"threshold": threshold, **_shown(asked, threshold)} for threshold in SUPPORTED]


def _shown(asked: list[Measured], threshold: float) -> dict[str, Any]:
    from lab.rag.ground import HALF

    cited = wrong = grounded = 0
    right = []
    for one in asked:
        held = [support >= threshold for _, support in one.draft]
        own = bool(held) and sum(held) >= HALF * len(held)
        good = correct(one.question, " ".join(text for text, _ in one.draft) if own else one.quote)
        grounded += own
        cited += sum(held) if own else one.quoted
        wrong += sum(held) if own and not good else 0
        if one.question.answerable:
            right.append(good)
    return {"grounded": round(grounded / len(asked), 4), "shown_correct": share(right), "wrong_supported": round(wrong / cited, 4)}


def _fewest_wrong(curve: list[dict[str, Any]]) -> float:
    """The lowest threshold from which on few wrong sentences are shown as supported."""
    last_bad = max((place for place, row in enumerate(curve) if row["wrong_supported"] > WRONG), default=-1)
    return float(curve[min(last_bad + 1, len(curve) - 1)]["threshold"])
