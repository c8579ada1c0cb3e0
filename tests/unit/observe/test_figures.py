"""The board's figures over what a RAG system counts, with an end of each kind."""

from dataclasses import replace

import pytest
from prometheus_client import generate_latest

from lab.observe.figures import FAILED, MEDIAN, SLOW
from lab.observe.rag_metrics import RAGMetrics
from lab.observe.scrape import parse, value


def seen(figure, *ends):
    """The figure after questions that ended so: status, how many, and seconds of each."""
    metrics, scrapes = RAGMetrics(), []
    for at, some in enumerate(((), ends)):
        for status, number, seconds in some:
            for _ in range(number):
                metrics._query_ended(seconds, status, [])
        scrapes.append(replace(parse(generate_latest(metrics.registry).decode()), at=30.0 * at))
    return value(figure, scrapes)


@pytest.mark.parametrize("figure", [MEDIAN, SLOW], ids=lambda figure: figure.title)
@pytest.mark.parametrize("status", ["busy", "invalid"])
def test_refused_questions_do_not_make_the_others_look_fast(figure, status):
    assert 10 < seen(figure, ("success", 2, 20), (status, 98, 0.002)) <= 30  # 10 and 30 bound the bucket of 20


def test_slow_failures_count_in_the_time_of_a_question():
    assert seen(SLOW, ("success", 50, 0.2), ("timeout", 50, 50)) > 30


@pytest.mark.parametrize("status", ["error", "timeout", "busy"])
def test_a_question_without_an_answer_failed(status):
    assert seen(FAILED, ("success", 3, 1), (status, 1, 1)) == 0.25


@pytest.mark.parametrize("status", ["cancelled", "invalid"])
def test_a_caller_who_went_away_or_was_wrong_is_no_part_of_the_share(status):
    assert seen(FAILED, ("success", 1, 1), ("error", 1, 1), (status, 8, 1)) == 0.5
