import io
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from lab.errors import InputError
from lab.evaluate.gate import gate, losses
from lab.evaluate.report import gated


@pytest.fixture
def ranked(make_run, found):
    """Gives a run whose questions are found at these places; None: not at all."""

    def make(*places: int | None, mode: str = "hybrid", **values: Any) -> dict[str, Any]:
        grades = [[0] * (place - 1) + [2] if place else [0, 0] for place in places]
        rows = [found(f"q{number}", *one, mode=mode) for number, one in enumerate(grades)]
        return make_run(rows, [], **{"settings": {"retrieval_mode": mode}, "documents": "d", **values})

    return make


def lost(before, after) -> list[str]:
    return [one.figure for one in losses(gate(before, after))]


def test_an_equal_run_passes_with_no_change_at_all(ranked):
    changes = gate(ranked(*[1, 2, None] * 20), ranked(*[1, 2, None] * 20))
    assert [(one.figure, one.difference, one.p, one.lost) for one in changes] == [(n, 0, 1, False) for n in ("hit@3", "mrr", "ndcg")]


def test_a_worse_run_names_the_figure_the_size_and_the_interval(ranked):
    changes = gate(ranked(*[1] * 40), ranked(*[1] * 28, *[5] * 12))
    hit = next(one for one in losses(changes) if one.figure == "hit@3")
    assert (hit.before, hit.after, hit.worse, hit.better) == (1, 0.7, 12, 0)
    assert -0.5 < hit.low < -0.3 < hit.high < -0.1
    assert "hit@3 went from 1.000 to 0.700 (-0.300, 95 % interval" in str(hit)


def test_a_better_run_is_no_loss(ranked):
    assert lost(ranked(*[5] * 40), ranked(*[1] * 40)) == []


def test_two_lost_questions_of_two_are_no_proof(ranked):
    assert lost(ranked(1, 1), ranked(None, None)) == []
    assert lost(ranked(*[1] * 8), ranked(*[None] * 8)) == ["hit@3", "mrr", "ndcg"]


def test_losses_and_gains_of_one_size_cancel_out(ranked):
    places = [1, 4] * 30
    assert lost(ranked(*places), ranked(*places[::-1])) == []


def test_a_change_without_effect_raises_few_alarms(ranked):
    draw = np.random.default_rng(3)
    pairs = [(draw.integers(1, 6, 40).tolist(), draw.integers(1, 6, 40).tolist()) for _ in range(30)]
    assert sum(bool(lost(ranked(*before), ranked(*after))) for before, after in pairs) <= 4


def test_each_run_is_judged_in_the_mode_that_it_uses(ranked):
    assert lost(ranked(*[1] * 20), ranked(*[5] * 20, mode="keyword")) == ["hit@3", "mrr", "ndcg"]


def test_wrong_sentences_are_better_when_there_are_fewer(make_run, shown):
    def told(wrong: int) -> dict[str, Any]:
        rows = [{**shown("grounded", number >= wrong), "id": f"q{number}"} for number in range(40)]
        return make_run([], rows, settings={"retrieval_mode": "dense"}, documents="d")

    assert "wrong_supported" in lost(told(0), told(15))
    assert lost(told(15), told(0)) == []


def test_few_answers_that_count_still_give_an_interval(make_run, shown):
    def told(answered: int) -> dict[str, Any]:
        rows = [{**shown("quoted" if number < answered else "refused", number % 2 == 0), "id": f"q{number}"} for number in range(30)]
        return make_run([], rows, settings={"retrieval_mode": "dense"}, documents="d")

    found = next(one for one in gate(told(2), told(30)) if one.figure == "shown_correct")
    assert (found.before, found.after) == (0.5, 0.5)
    assert -0.9 < found.low < 0 < found.high < 0.9


@pytest.mark.parametrize(("change", "words"), [({"questions": "other"}, "other questions"), ({"documents": "other"}, "other documents")])
def test_other_questions_or_documents_are_not_compared(ranked, change, words):
    with pytest.raises(InputError, match=f"a was measured (with|on) {words}.*\nhint: "):
        gate(ranked(1, 1), ranked(1, 1, **change))


def test_a_run_of_an_older_lab_is_no_baseline(ranked):
    before = ranked(1, 1)
    del before["documents"]
    with pytest.raises(InputError, match="stored before runs noted theirs"):
        gate(before, ranked(1, 1))


def test_runs_with_nothing_in_common_are_told(ranked, make_run, shown):
    answers = make_run([], [shown("quoted", True)], settings={"retrieval_mode": "hybrid"}, documents="d")
    with pytest.raises(InputError, match="no figure in common"):
        gate(ranked(1, 1), answers)


def test_the_table_fits_into_a_narrow_terminal_and_marks_losses(ranked):
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(gated(gate(ranked(*[1] * 20), ranked(*[None] * 20)), "2026-01-02T03-04-05"))
    text = console.export_text()
    assert "LOST" in text
    assert "…" not in text
