import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.rag.tokens import count, fits


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("a volume", 2), ("containers", 2), ("port 8000.", 4), ("日本語の文。", 6), ("`/api/chat`", 6)],
)
def test_tokens_are_counted_about(text, expected):
    assert count(text) == expected


@given(st.text(), st.text())
def test_two_texts_side_by_side_have_no_more_tokens_than_both(one, other):
    assert count(one + other) <= count(one) + count(other) + 1


@pytest.mark.parametrize(
    ("model", "expected"), [("all-minilm", 192), ("all-minilm:latest", 192), ("multilingual-e5-small", 384), ("x", 384)]
)
def test_a_chunk_fits_into_what_the_model_reads(model, expected):
    assert fits(model) == expected
