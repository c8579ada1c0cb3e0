import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.rag.fuse import CONSTANT, FIRST, by_rank, diverse
from lab.rag.retrieve import ordered

RANKINGS = st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True), max_size=4)


def ids(ranking):
    return [chunk for chunk, _ in ranking]


def ranked(names):
    return [(name, 1.0 - place / 100) for place, name in enumerate(names)]


def test_what_both_orders_know_comes_before_what_one_puts_first():
    assert ids(by_rank([ranked("ax"), ranked("bx")])) == ["x", "a", "b"]


def test_one_order_stays_as_it_is():
    assert ids(by_rank([ranked("cab")])) == ["c", "a", "b"]


def test_the_score_is_the_sum_of_inverse_places():
    assert dict(by_rank([ranked("ab"), ranked("b")]))["b"] == pytest.approx(1 / (CONSTANT + 2) + 1 / (CONSTANT + 1))


def test_only_the_first_places_count():
    assert len(by_rank([ranked([str(number) for number in range(FIRST + 10)])])) == FIRST


@given(RANKINGS)
@settings(deadline=None)
def test_fusion_holds_each_chunk_once_and_does_not_depend_on_the_order_of_the_orders(names):
    rankings = [ranked(one) for one in names]
    fused = by_rank(rankings)
    assert sorted(ids(fused)) == sorted(set().union(*names))
    assert ids(fused) == ids(by_rank(rankings[::-1]))


@given(RANKINGS.filter(lambda names: len(names) > 0), st.sampled_from("abcdefgh"))
@settings(deadline=None)
def test_a_chunk_that_moves_up_never_falls(names, chunk):
    before = ids(by_rank([ranked(one) for one in names]))
    better = [[chunk, *(name for name in names[0] if name != chunk)], *names[1:]]
    after = ids(by_rank([ranked(one) for one in better]))
    assert chunk not in before or after.index(chunk) <= before.index(chunk)


def test_differences_that_stores_disagree_about_do_not_count():
    assert ids(ordered([("b", 0.50000000002), ("a", 0.5)])) == ["a", "b"]


VECTORS = {"a": np.array([1.0, 0.0]), "twin": np.array([1.0, 0.01]), "other": np.array([0.0, 1.0])}


def test_diversity_prefers_what_is_unlike():
    assert ids(diverse(ranked(["a", "twin", "other"]), VECTORS, 2, 0.6)) == ["a", "other"]


def test_a_little_diversity_keeps_the_order():
    assert ids(diverse(ranked(["a", "twin", "other"]), VECTORS, 3, 0.01)) == ["a", "twin", "other"]


@given(st.lists(st.sampled_from(list(VECTORS)), unique=True, min_size=1), st.floats(0, 1), st.integers(1, 5))
@settings(deadline=None)
def test_diversity_keeps_the_first_and_loses_nothing(names, diversity, k):
    chosen = ids(diverse(ranked(names), VECTORS, k, diversity))
    assert chosen[0] == names[0]
    assert len(chosen) == len(set(chosen)) == min(k, len(names))
