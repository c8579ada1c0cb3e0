import pytest

from lab.errors import InputError
from lab.evaluate.agreement import agreement


def test_kappa_is_computed_as_by_hand():
    gold = ["right"] * 50 + ["wrong"] * 50
    judged = ["right"] * 45 + ["wrong"] * 5 + ["right"] * 25 + ["wrong"] * 25
    found = agreement(gold, judged)
    chance = 0.5 * 0.7 + 0.5 * 0.3
    assert (found.share, found.kappa) == (0.7, pytest.approx((0.7 - chance) / (1 - chance)))
    assert found.low < found.kappa < found.high


def test_a_judge_that_always_says_right_agrees_and_knows_nothing():
    found = agreement(["right"] * 80 + ["wrong"] * 20, ["right"] * 100)
    assert (found.share, found.kappa) == (0.8, pytest.approx(0))


@pytest.mark.parametrize(("judged", "kappa"), [([1, 1, 1, 1], "0.00"), ([1, 1, 0, 0], "1.00")])
def test_answers_that_show_no_spread_give_no_interval(judged, kappa):
    found = agreement([1, 1, 0, 0], judged)
    assert (found.low, found.high) == (None, None)
    assert f"kappa {kappa} (no interval: too few different answers), 4 answers" in str(found)


def test_a_failed_judgement_is_no_agreement():
    gold = ["right", "wrong"] * 10
    some = [None, "wrong"] * 5 + ["right", "wrong"] * 5
    assert agreement(gold, some).kappa < agreement(gold, gold).kappa == 1


def test_one_label_only_says_nothing():
    assert (agreement([True] * 5, [True] * 5).kappa, str(agreement([True] * 5, [True] * 5))[:30]) == (
        None,
        "agreement 1.00, kappa undefine",
    )


def test_labels_must_be_of_the_same_answers():
    with pytest.raises(InputError, match="2 gold labels and 1 judgements"):
        agreement([1, 0], [1])
