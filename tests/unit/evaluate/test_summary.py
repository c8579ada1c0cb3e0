import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.evaluate.summary import holds, percentile, summarise


def only(table):
    (row,) = table
    return row


def test_hits_are_shares_of_the_questions(found):
    row = only(summarise([found("q1", 2), found("q2", 1, 0, 2), found("q3", 0), found("q4", 0, 1, 0, 2)], [])["retrieval"])
    assert (row["hit@1"], row["hit@3"], row["hit@10"], row["article@3"]) == (0.25, 0.5, 0.75, 0.75)
    assert (row["precision@3"], row["recall@3"], row["recall@10"]) == (pytest.approx(2 / 12, abs=1e-4), 0.5, 0.75)
    assert row["mrr"] == pytest.approx((1 + 1 / 3 + 0 + 1 / 4) / 4, abs=1e-4)


def test_modes_and_languages_have_rows_of_their_own(found):
    rows = [found("q1", 2), found("q2", 0, language="ja"), found("q1", 0, mode="dense"), found("q2", 0, mode="dense", language="ja")]
    table = summarise(rows, [])["retrieval"]
    assert [(row["mode"], row["language"], row["hit@1"]) for row in table[:3]] == [
        ("hybrid", "en", 1),
        ("hybrid", "ja", 0),
        ("hybrid", "all", 0.5),
    ]
    assert len(table) == 6


def test_answers_are_counted_by_what_is_shown(shown):
    rows = [
        shown("grounded", True),
        shown("quoted", False, supported=3),
        shown("refused", False, supported=0),
        shown("refused", True, answerable=False, supported=0),
        shown("quoted", False, answerable=False, supported=4),
    ]
    row = only(summarise([], rows)["answers"])
    assert (row["shown_correct"], row["answerable_correct"]) == (0.5, pytest.approx(1 / 3, abs=1e-4))
    assert (row["refused_unanswerable"], row["refused_answerable"]) == (0.5, pytest.approx(1 / 3, abs=1e-4))
    assert (row["grounded"], row["quoted"], row["refused"]) == (0.2, 0.4, 0.4)


def test_only_the_models_own_sentences_are_wrongly_supported(shown):
    rows = [shown("grounded", False, supported=1), shown("grounded", True, supported=3), shown("quoted", False, supported=4)]
    row = only(summarise([], rows)["answers"])
    assert (row["wrong_supported"], row["wrong_of_model"]) == (1 / 8, 1 / 4)


def test_what_was_not_asked_has_no_figure(shown):
    row = only(summarise([], [shown("refused", True, answerable=False, supported=0)])["answers"])
    assert (row["shown_correct"], row["refused_answerable"], row["wrong_supported"]) == (None, None, None)


def test_a_judges_points_are_no_shares(shown):
    def judged(*points):
        return only(summarise([], [{**shown("quoted", True), "judge": {"points": one, "good": one >= 4}} for one in points])["answers"])

    lowest, mixed = judged(*[1.0] * 6), judged(1.0, 1.0, 2.0, 5.0)
    assert (lowest["judge_points"], "judge_points" in lowest["intervals"]) == (1, False)
    assert 1 <= mixed["intervals"]["judge_points"][0] < mixed["judge_points"] < mixed["intervals"]["judge_points"][1] <= 5


def test_no_wrong_sentence_in_five_answers_is_no_proof_of_never(shown):
    row = only(summarise([], [shown("grounded", True, supported=2)] * 5)["answers"])
    assert row["wrong_supported"] == 0
    assert row["intervals"]["wrong_supported"][1] > 0.4


def test_times_are_given_for_each_stage(shown):
    stages = summarise([], [shown("quoted", True, ms=ms) for ms in (10.0, 20.0, 1000.0)])["timings"]
    assert stages == [{"stage": "embed", "p50": 1.0, "p95": 1.0}, {"stage": "total", "p50": 20.0, "p95": 1000.0}]


def test_a_stage_that_only_some_answers_have_is_shown_before_the_total(shown):
    rows = [shown("quoted", True), {**shown("quoted", True), "timings": {"embed": 1.0, "rerank": 7.0, "total": 9.0}}]
    assert [row["stage"] for row in summarise([], rows)["timings"]] == ["embed", "rerank", "total"]


@given(st.lists(st.floats(0, 100), min_size=1), st.integers(1, 100))
def test_a_percentile_is_one_of_the_values_and_leaves_few_above(values, per_cent):
    value = percentile(values, per_cent)
    assert value in values
    assert sum(one <= value for one in values) >= len(values) * per_cent / 100


@pytest.mark.parametrize(("name", "value", "expected"), [("hit@3", 0.95, True), ("hit@3", 0.94, False), ("wrong_supported", 0.03, True)])
def test_a_goal_is_reached_or_not(name, value, expected):
    assert holds(name, value) is expected
