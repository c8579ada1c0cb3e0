"""Rows as a run stores them."""

from collections.abc import Callable
from typing import Any

import pytest

from lab.evaluate.run import Row
from lab.evaluate.summary import summarise


@pytest.fixture
def found() -> Callable[..., Row]:
    """Gives what one mode found for one question."""

    def make(question: str = "q1", *grades: int, mode: str = "hybrid", language: str = "en") -> Row:
        row = {"id": question, "language": language, "mode": mode, "ms": 10.0}
        return {**row, "grades": list(grades), "judged": [2, 1, 1], "found": []}

    return make


@pytest.fixture
def shown() -> Callable[..., Row]:
    """Gives what was shown for one question."""

    def make(state: str, correct: bool, answerable: bool = True, language: str = "en", supported: int = 1, ms: float = 100.0) -> Row:
        row = {"id": "q1", "language": language, "answerable": answerable, "question": "?", "state": state, "answer": "", "sources": []}
        return {**row, "correct": correct, "supported": supported, "unsupported": 0, "timings": {"embed": 1.0, "total": ms}}

    return make


@pytest.fixture
def make_run() -> Callable[..., dict[str, Any]]:
    """Gives a run with these rows."""

    def make(retrieval: list[Row], answers: list[Row], **values: Any) -> dict[str, Any]:
        about = {"name": "a", "time": "2026-01-02T03:04:05+00:00", "settings": {"top_k": 4}, "models": {"chat": "1"}}
        rows = {"retrieval": retrieval, "answers": answers, "summary": summarise(retrieval, answers)}
        return {**about, "corpus": "c", "questions": "q", **rows, **values}

    return make
