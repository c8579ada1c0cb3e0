import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import InputError
from lab.evaluate.calibrate import REFUSED, WRONG, Measured, _covered, _fewest_wrong, _lowest, _supported, calibrate
from lab.evaluate.questions import Question
from lab.settings import load_settings


def measured(
    coverage: float = 1.0, answerable: bool = True, draft: tuple = (), quote: str = "Models are kept.", quoted: int = 1
) -> Measured:
    article = "a.md" if answerable else None
    question = Question("q", "en", "?", None, (("kept",),) if answerable else (), article, None)
    return Measured(question, True, coverage, quote, quoted, list(draft))


def test_the_curve_of_coverage_tells_who_is_refused():
    curve = _covered([measured(0.8), measured(0.5), measured(0.5, answerable=False)])
    row = next(row for row in curve if row["threshold"] == 0.6)
    assert (row["refused_unanswerable"], row["refused_answerable"]) == (1.0, 0.5)


def test_a_threshold_between_two_clear_groups_refuses_exactly_one():
    rows = [measured(0.9)] * 20 + [measured(0.5, answerable=False)] * 20
    assert 0.5 < _lowest(_covered(rows)) <= 0.9


@given(st.lists(st.floats(0.4, 1.2), min_size=1, max_size=30), st.lists(st.floats(0.4, 1.2), min_size=1, max_size=30))
def test_the_chosen_threshold_refuses_enough_and_none_below_it_does(asked, others):
    curve = _covered([*map(measured, asked), *(measured(one, answerable=False) for one in others)])
    below = [row for row in curve if row["threshold"] < _lowest(curve)]
    chosen = curve[len(below)]
    assert all(row["refused_unanswerable"] < REFUSED for row in below)
    assert chosen["refused_unanswerable"] >= REFUSED or chosen is curve[-1]


def test_a_curve_needs_questions_of_both_kinds():
    assert _covered([measured()]) == []


def test_wrong_sentences_of_the_model_raise_the_threshold():
    wrong, right = (measured(draft=[(text, 0.7)]) for text in ("Models are lost.", "Models are kept."))
    assert _fewest_wrong(_supported([right] * 9)) == 0.5
    chosen = _fewest_wrong(_supported([right] * 9 + [wrong]))
    row = next(row for row in _supported([right] * 9 + [wrong]) if row["threshold"] == chosen)
    assert row["wrong_supported"] <= WRONG


def test_what_is_not_supported_is_quoted():
    row = _supported([measured(draft=[("Models are lost.", 0.2)])])[0]
    assert (row["grounded"], row["shown_correct"], row["wrong_supported"]) == (0, 1, 0)


@pytest.mark.parametrize(("supports", "grounded"), [((0.9, 0.1), 1), ((0.9, 0.1, 0.1), 0)])
def test_half_of_a_draft_must_be_supported(supports, grounded):
    assert _supported([measured(draft=[("x", support) for support in supports])])[10]["grounded"] == grounded


def test_nothing_cited_is_nothing_wrong():
    row = _supported([measured(quote="", quoted=0)])[0]
    assert (row["grounded"], row["wrong_supported"]) == (0, 0)


def test_questions_that_the_documents_do_not_cover_are_told(monkeypatch):
    monkeypatch.setattr("lab.evaluate.calibrate.prepare", lambda *given: None)
    with pytest.raises(InputError, match=r"cover none of these questions.*\nhint: .*--questions FILE"):
        calibrate(load_settings(), [], lambda *step: None)
