import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.evaluate.metrics import grade, hit, ndcg, reciprocal_rank
from lab.evaluate.questions import Question

GRADES = st.lists(st.integers(0, 2), max_size=12)


@pytest.mark.parametrize(
    ("source", "section", "expected"),
    [
        ("a.md", "Title > Backup", 2),
        ("a.md", "Title > Backup > By hand", 2),
        ("a.md", "Title > Other", 1),
        ("a.md", "", 1),
        ("b.md", "Title > Backup", 0),
    ],
)
def test_a_passage_is_graded_by_article_and_section(source, section, expected):
    assert grade(Question("q", "en", "?", "x", (("x",),), "a.md", "Backup"), source, section) == expected


@pytest.mark.parametrize(("section", "expected"), [("Title", 2), ("Title > Backup", 1)])
def test_the_text_before_the_first_section_is_a_section_of_its_own(section, expected):
    assert grade(Question("q", "en", "?", "x", (("x",),), "a.md", "Title"), "a.md", section) == expected


@pytest.mark.parametrize(("text", "expected"), [("Title\n\nModels are kept.", 2), ("Title\n\nModels are lost.", 1)])
@pytest.mark.parametrize("section", ["", "Title > In short"])
def test_another_passage_of_the_article_is_graded_by_its_words(section, text, expected):
    assert grade(Question("q", "en", "?", "x", (("kept",),), "a.md", "Backup"), "a.md", section, text) == expected


def test_a_hit_is_within_the_first_k():
    assert [hit([0, 1, 2], k) for k in (1, 2, 3)] == [False, False, True]
    assert hit([0, 1, 2], 2, least=1)


@pytest.mark.parametrize(("grades", "expected"), [([2, 0], 1), ([1, 2], 0.5), ([1, 1], 0), ([], 0)])
def test_the_reciprocal_rank_is_that_of_the_first_hit(grades, expected):
    assert reciprocal_rank(grades) == expected


def test_ndcg_is_computed_as_by_hand():
    expected = (1 / math.log2(2) + 3 / math.log2(3)) / (3 / math.log2(2) + 1 / math.log2(3))
    assert ndcg([1, 2], [2, 1, 0], 2) == pytest.approx(expected)


@given(GRADES, st.integers(1, 10))
def test_the_best_order_has_ndcg_one_and_none_has_more(grades, k):
    best = sorted(grades, reverse=True)
    assert ndcg(best, grades, k) == pytest.approx(1 if any(grades) else 0)
    assert 0 <= ndcg(grades, grades, k) <= 1 + 1e-9


@given(GRADES, st.integers(1, 11))
def test_more_passages_never_lose_a_hit(grades, k):
    assert hit(grades, k) <= hit(grades, k + 1)
