"""Thresholds of grounding from the calibration half: the curves, and what is chosen on them.

covered    how well passages must fit a question; chosen: the lowest that refuses at least REFUSED of the questions that the
           documents do not answer; what it costs, answerable questions refused as well, stands beside it
supported  how well a source must support a sentence of the model; chosen: the lowest at which at most WRONG of all cited
           sentences are the model's own in a wrong answer

The half `test` judges the choice: lab eval
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from lab.errors import InputError
from lab.evaluate.facts import correct
from lab.evaluate.measure import prepare
from lab.evaluate.questions import Question
from lab.evaluate.run import Progress
from lab.evaluate.summary import share
from lab.settings import Settings

if TYPE_CHECKING:
    from lab.rag.ground import Evidence
    from lab.rag.pipeline import Rag

REFUSED = 0.85  # the goal of `lab eval`
WRONG = 0.01  # a third of what is allowed on the other half, because few questions decide here
Item = TypeVar("Item")
COVERED = [step / 50 for step in range(5, 61)]  # 0.10 to 1.20
SUPPORTED = [step / 50 for step in range(25, 51)]  # 0.50 to 1.00


@dataclass(frozen=True)
class Measured:
    """One question, measured with thresholds that let everything through."""

    question: Question
    readable: bool  # the embedding model reads its language
    coverage: float
    quote: str
    quoted: int  # sentences in the quote
    draft: list[tuple[str, float]] = field(default_factory=list)  # sentences with their support; 0: something speaks against it


def calibrate(settings: Settings, questions: list[Question], progress: Progress) -> dict[str, Any]:
    """All thresholds with their curves. The model is only asked what the passages cover."""
    rag = prepare(settings, questions, progress)
    found = [(one, rag.evidence(one.question)) for one in _shown(questions, progress, "searching")]
    measured = [_measured(one, evidence) for one, evidence in found]
    parts = {"covered": [one for one in measured if one.readable], "by_words": [one for one in measured if not one.readable]}
    curves = {name: curve for name, part in parts.items() if (curve := _covered(part))}
    chosen = {name: _lowest(curve) for name, curve in curves.items()}
    asked = [
        replace(one, draft=_drafted(rag, evidence))
        for one, (_, evidence) in _shown(list(zip(measured, found, strict=True)), progress, "asking the model")
        if one.coverage >= chosen.get("covered" if one.readable else "by_words", 0)
    ]
    if not asked:
        hint = "Index the documents that they are about, or name other questions: lab eval --calibrate --questions FILE"
        raise InputError("The documents cover none of these questions, so the model was asked nothing.", hint)
    curves["supported"] = _supported(asked)
    chosen["supported"] = _fewest_wrong(curves["supported"])
    about = {"questions": len(questions), "chat_model": settings.chat_model, "embed_model": settings.embed_model}
    return {**about, "chosen": chosen, "curves": curves, "measured": [asdict(one) for one in asked]}


def _shown(items: list[Item], progress: Progress, what: str) -> Iterator[Item]:
    for done, item in enumerate(items):
        progress(done, len(items), what)
        yield item


def _measured(question: Question, evidence: "Evidence") -> Measured:
    quote = evidence.quote()
    return Measured(question, evidence.readable, evidence.coverage(), " ".join(source.text for source in quote), len(quote))


def _drafted(rag: "Rag", evidence: "Evidence") -> list[tuple[str, float]]:
    evidence.supported = 0.0  # lets every sentence through that nothing else speaks against
    return [(text, support if source else 0.0) for text, source, support in evidence.check(rag.draft(evidence))]


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


def _lowest(curve: list[dict[str, Any]]) -> float:
    """The lowest threshold that refuses enough of the questions without an answer; the last when none does."""
    enough = (row["threshold"] for row in curve if row["refused_unanswerable"] >= REFUSED)
    return float(next(enough, curve[-1]["threshold"]))


def _supported(asked: list[Measured]) -> list[dict[str, Any]]:
    """For each threshold: how often the model's words are shown, and how often what is shown is right."""
    return [{"threshold": threshold, **_with(asked, threshold)} for threshold in SUPPORTED]


def _with(asked: list[Measured], threshold: float) -> dict[str, Any]:
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
    wrong_share = round(wrong / cited, 4) if cited else 0.0
    return {"grounded": round(grounded / len(asked), 4), "shown_correct": share(right), "wrong_supported": wrong_share}


def _fewest_wrong(curve: list[dict[str, Any]]) -> float:
    """The lowest threshold from which on few wrong sentences are shown as supported."""
    last_bad = max((place for place, row in enumerate(curve) if row["wrong_supported"] > WRONG), default=-1)
    return float(curve[min(last_bad + 1, len(curve) - 1)]["threshold"])
