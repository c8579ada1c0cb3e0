"""The figures of retrieve.py and ground.py, on the half of the handbook's questions that no threshold was chosen on.

The model's words differ between machines and are not counted here; what is found and quoted does not. `lab eval` measures all.
"""

from collections.abc import Iterable

import pytest

from lab.evaluate.facts import correct
from lab.evaluate.measure import questions_file
from lab.evaluate.questions import Question, choose, load
from lab.rag.timings import Clock


@pytest.fixture(scope="module")
def measured(handbook):
    """For each English question what a search finds, and the evidence for an answer."""
    questions = choose(load(questions_file(handbook.settings)), "test", "en")
    found = [(one, handbook._search(one.question, 4, Clock())) for one in questions]
    return [(one, at.hits, handbook._evidence(one.question, at, Clock())) for one, at in found]


def share(values: Iterable[bool]) -> float:
    values = list(values)
    return sum(values) / len(values)


def holds(one: Question, hits: list) -> bool:
    return correct(one, " ".join(f"{hit.section} {hit.text}" for hit in hits))


def test_the_answer_is_among_the_first_three_passages(measured):
    assert share(holds(one, hits[:3]) for one, hits, _ in measured if one.answerable) >= 0.9


def test_shared_words_find_more_than_similarity_alone(handbook, measured):
    def nearest(one):
        return sorted(handbook.search(one.question, k=50), key=lambda hit: -hit.score)[:1]

    answered = [(one, hits) for one, hits, _ in measured if one.answerable]
    assert share(holds(one, hits[:1]) for one, hits in answered) > share(holds(one, nearest(one)) for one, _ in answered)


def test_questions_that_the_handbook_answers_are_seldom_refused(measured):
    assert share(evidence.covered() for one, _, evidence in measured if one.answerable) >= 0.8


def test_other_questions_are_mostly_refused(measured):
    assert share(not evidence.covered() for one, _, evidence in measured if not one.answerable) >= 0.75


def test_a_quote_mostly_holds_the_answer(measured):
    quotes = [(one, " ".join(source.text for source in evidence.quote())) for one, _, evidence in measured if one.answerable]
    assert share(correct(one, quote) for one, quote in quotes) >= 0.75
