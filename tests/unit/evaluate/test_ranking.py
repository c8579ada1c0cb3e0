import math

import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import InputError
from lab.evaluate.ranking import average, average_precision, exponential, f1, hit, linear, ndcg, precision, recall, reciprocal_rank
from lab.evaluate.relevance import grades as graded

GRADES = st.lists(st.integers(0, 2), max_size=12)
IDS = "abcdefghij"
RANKINGS = st.permutations(IDS).flatmap(lambda order: st.integers(1, 10).map(lambda size: order[:size]))
JUDGED = st.dictionaries(st.sampled_from(IDS), st.integers(0, 3), min_size=1)


def reference(found: list[str], judged: dict[str, int], measures: set[str]) -> dict[str, float]:
    """What trec_eval says of this ranking. It orders by score, so the first place gets the highest."""
    scores = {one: float(len(found) - place) for place, one in enumerate(found)}
    return pytrec_eval.RelevanceEvaluator({"q": judged}, measures).evaluate({"q": scores})["q"]


def agrees(value: float | None, expected: float) -> None:
    assert (value or 0.0) == pytest.approx(expected, abs=1e-9)  # trec_eval says 0 where nothing is relevant


@settings(deadline=None)
@given(RANKINGS, JUDGED, st.sampled_from([1, 3, 5, 10]))
def test_every_metric_of_the_first_k_is_that_of_trec_eval(found, judged, k):
    grades, every = graded(found, judged, "chunk")
    expected = reference(found, judged, {f"P.{k}", f"recall.{k}", f"success.{k}", f"ndcg_cut.{k}"})
    agrees(precision(grades, k), expected[f"P_{k}"])
    agrees(recall(grades, every, k), expected[f"recall_{k}"])
    agrees(float(hit(grades, k)), expected[f"success_{k}"])
    agrees(ndcg(grades, every, k, linear), expected[f"ndcg_cut_{k}"])


@settings(deadline=None)
@given(RANKINGS, JUDGED)
def test_every_metric_of_the_whole_ranking_is_that_of_trec_eval(found, judged):
    grades, every = graded(found, judged, "chunk")
    expected = reference(found, judged, {"map", "recip_rank", "set_F", "ndcg"})
    agrees(average_precision(grades, every), expected["map"])
    agrees(reciprocal_rank(grades), expected["recip_rank"])
    agrees(f1(grades, every, len(grades)), expected["set_F"])
    agrees(ndcg(grades, every, len(IDS), linear), expected["ndcg"])


@settings(deadline=None)
@given(RANKINGS, JUDGED)
def test_exponential_gains_are_linear_ones_of_other_grades(found, judged):
    grades, every = graded(found, judged, "chunk")
    expected = reference(found, {one: 2**grade - 1 for one, grade in judged.items()}, {"ndcg_cut.5"})
    agrees(ndcg(grades, every, 5, exponential), expected["ndcg_cut_5"])


@pytest.mark.parametrize("metric", [recall, f1, ndcg])
def test_a_question_without_a_relevant_document_is_not_counted(metric):
    assert metric([0, 0], [], 2) is None
    assert average_precision([0, 0], []) is None
    assert average([None, 1.0, 0.5]) == 0.75
    assert average([None]) is None


@pytest.mark.parametrize("k", [None, 0, -1, 2.0, True, "3"])
def test_a_cut_off_is_a_whole_number_from_one_on(k):
    with pytest.raises(InputError, match="cut-off k"):
        precision([1, 0], k)


@pytest.mark.parametrize("metric", [lambda *one: recall(*one, 2), lambda *one: f1(*one, 2), lambda *one: ndcg(*one, 2), average_precision])
def test_more_found_than_there_are_is_an_error_and_no_share_above_one(metric):
    with pytest.raises(InputError, match="2 relevant documents were found, but only 1"):
        metric([1, 1], [1])


def test_an_empty_ranking_found_nothing():
    assert (precision([], 3), recall([], [1], 3), f1([], [1], 3), reciprocal_rank([]), average_precision([], [1])) == (0, 0, 0, 0, 0)


def test_precision_divides_by_k_also_when_fewer_were_found():
    assert precision([1], 4) == 0.25


def test_a_hit_is_within_the_first_k():
    assert [hit([0, 1, 2], k, least=2) for k in (1, 2, 3)] == [False, False, True]
    assert hit([0, 1, 2], 2)


@pytest.mark.parametrize(("grades", "expected"), [([2, 0], 1), ([1, 2], 0.5), ([1, 1], 0), ([], 0)])
def test_the_reciprocal_rank_is_that_of_the_first_hit(grades, expected):
    assert reciprocal_rank(grades, least=2) == expected


def test_ndcg_is_computed_as_by_hand():
    expected = (1 / math.log2(2) + 3 / math.log2(3)) / (3 / math.log2(2) + 1 / math.log2(3))
    assert ndcg([1, 2], [2, 1, 0], 2) == pytest.approx(expected)


@given(GRADES, st.integers(1, 10))
def test_the_best_order_has_ndcg_one_and_none_has_more(grades, k):
    best = sorted(grades, reverse=True)
    assert ndcg(best, grades, k) == (pytest.approx(1) if any(grades) else None)
    assert 0 <= (ndcg(grades, grades, k) or 0) <= 1 + 1e-9


@given(GRADES, st.integers(1, 11))
def test_more_passages_never_lose_a_hit(grades, k):
    assert hit(grades, k) <= hit(grades, k + 1)
