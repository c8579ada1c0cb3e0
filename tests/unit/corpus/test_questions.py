"""The questions that retrieval and answers are measured with: their form, and that the handbook really answers them."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.unit.corpus.articles import CORPUS, read

QUESTIONS = [json.loads(line) for line in (CORPUS / "questions.jsonl").read_text("utf-8").splitlines()]
ANSWERABLE = [question for question in QUESTIONS if question["article"]]
FIELDS = {"id", "language", "half", "question", "answer", "must_contain", "article", "section"}


def plain(text: str) -> str:
    """In small letters, without the marks of inline code."""
    return text.replace("`", "").lower()


def missing(question: dict[str, Any], text: str) -> list[list[str]]:
    """What the text lacks of what an answer must contain."""
    return [variants for variants in question["must_contain"] if not any(plain(variant) in plain(text) for variant in variants)]


def count(**wanted: Any) -> int:
    return sum(all(question[name] == value for name, value in wanted.items()) for question in QUESTIONS)


def test_there_are_enough_questions_of_each_kind():
    assert len(QUESTIONS) >= 150
    assert len(ANSWERABLE) <= len(QUESTIONS) - 30
    assert sum(question["language"] == "ja" for question in ANSWERABLE) >= 20


def test_each_question_has_its_fields_and_an_id_of_its_own():
    assert [question for question in QUESTIONS if set(question) != FIELDS] == []
    assert [id for id, n in Counter(question["id"] for question in QUESTIONS).items() if n > 1] == []
    assert [text for text, n in Counter(question["question"] for question in QUESTIONS).items() if n > 1] == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_halves_are_alike(language: str):
    halves = [count(half=half, language=language) for half in ("calibration", "test")]
    unanswerable = [count(half=half, language=language, article=None) for half in ("calibration", "test")]
    assert abs(halves[0] - halves[1]) <= 2
    assert abs(unanswerable[0] - unanswerable[1]) <= 1


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question["id"])
def test_the_named_section_holds_what_an_answer_must_contain(question: dict[str, Any]):
    section = read(CORPUS / question["article"]).sections[question["section"]]
    assert question["must_contain"]
    assert missing(question, f"{question['section']}\n{section}") == []


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question["id"])
def test_the_expected_answer_counts_as_correct(question: dict[str, Any]):
    assert missing(question, question["answer"]) == []


def test_questions_without_an_answer_say_so():
    assert [q["id"] for q in QUESTIONS if not q["article"] and (q["answer"] or q["must_contain"] or q["section"])] == []
