"""One evaluation: every question is searched for in each mode and answered once. Rows are plain data, as they are stored."""

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from lab.evaluate.facts import correct
from lab.evaluate.questions import Question
from lab.evaluate.relevance import grade
from lab.settings import Settings, folder_label

if TYPE_CHECKING:
    from lab.rag.answer import Answer
    from lab.rag.pipeline import Rag

MODES = ("dense", "keyword", "hybrid")
DEPTH = 10  # passages that are looked at for MRR and nDCG
Row = dict[str, Any]
Place = tuple[str, str, str]  # document, section and text of a passage
Progress = Callable[[int, int, str], None]  # done, in all, what is being done


def open_mode(settings: Settings, mode: str) -> "Rag":
    """A pipeline that searches in this mode."""
    from lab.rag.pipeline import Rag

    return Rag.open(settings.model_copy(update={"retrieval_mode": mode}))


def asked_about(rag: "Rag") -> dict[str, str]:
    """Limits a search to the documents that the questions are about: the collection may hold other folders too."""
    return {"folder": folder_label(rag.settings.corpus)}


def retrieve(rag: "Rag", mode: str, questions: list[Question], every: list[Place], progress: Progress) -> list[Row]:
    """What a search finds for each question that the documents answer. `every` passage of the index says what would be best."""
    asked = [one for one in questions if one.answerable]
    rows = []
    for done, question in enumerate(asked):
        progress(done, len(asked), f"searching, {mode}")
        started = time.perf_counter()
        hits = rag.search(question.question, DEPTH, asked_about(rag))
        seconds = time.perf_counter() - started
        about = {"id": question.id, "language": question.language, "mode": mode, "ms": round(1000 * seconds, 2)}
        grades = [grade(question, hit.source, hit.section, hit.text) for hit in hits]
        rows.append({**about, "grades": grades, "judged": _judged(question, every), "found": [hit.id for hit in hits]})
    progress(len(asked), len(asked), f"searching, {mode}")
    return rows


def _judged(question: Question, every: list[Place]) -> list[int]:
    """Grades of all passages that have one, best first: what the best search would have found."""
    return sorted((value for place in every if (value := grade(question, *place))), reverse=True)


def answer(rag: "Rag", questions: list[Question], progress: Progress) -> list[Row]:
    """What is shown to a person who asks each question."""
    rows = []
    for done, question in enumerate(questions):
        progress(done, len(questions), "answering")
        rows.append(_shown(question, rag.ask(question.question, asked_about(rag))))
    progress(len(questions), len(questions), "answering")
    return rows


def _shown(question: Question, shown: "Answer") -> Row:
    return {
        "id": question.id,
        "language": question.language,
        "answerable": question.answerable,
        "question": question.question,
        "state": shown.state,
        "answer": shown.answer,
        "correct": shown.state == "refused" if not question.answerable else correct(question, shown.answer),
        "supported": sum(sentence.citation is not None for sentence in shown.sentences),
        "unsupported": sum(sentence.citation is None for sentence in shown.sentences),
        "sources": [f"{one.document}, {one.section}" for one in shown.citations],
        "timings": shown.timings,
    }


def of_modes(settings: Settings, modes: Iterable[str], questions: list[Question], every: list[Place], progress: Progress) -> list[Row]:
    """What each mode finds, one mode after the other."""
    return [row for mode in modes for row in retrieve(open_mode(settings, mode), mode, questions, every, progress)]
