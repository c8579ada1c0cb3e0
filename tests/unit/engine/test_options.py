"""Options: defaults, layers, checks, and what llama.cpp is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.engine.errors import EngineError
from lab.engine.options import DEFAULTS, merge_options, sampling_fields


def test_without_options_ollamas_defaults_hold() -> None:
    merged = merge_options()
    assert (merged["top_p"], merged["repeat_penalty"], merged["temperature"], merged["num_predict"]) == (0.9, 1.0, 0.8, -1)


def test_the_request_overrides_the_model() -> None:
    merged = merge_options({"temperature": 0.1, "top_k": 5}, {"temperature": 0.7})
    assert (merged["temperature"], merged["top_k"]) == (0.7, 5)


def test_null_options_are_skipped() -> None:
    assert merge_options({"seed": 7}, {"seed": None, "mirostat": None, "stop": None})["seed"] == 7


def test_unknown_options_are_ignored() -> None:
    assert merge_options({"mirostat": 2, "numa": True}) == DEFAULTS


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("num_ctx", "2048", 'option "num_ctx" must be of type integer'),
        ("num_ctx", True, 'option "num_ctx" must be of type integer'),
        ("temperature", "hot", 'option "temperature" must be of type float32'),
        ("use_mmap", 1, 'option "use_mmap" must be of type boolean'),
        ("num_ctx", float("inf"), 'option "num_ctx" must be of type integer'),
        ("seed", 2**63, 'option "seed" must be of type integer'),
        ("temperature", float("inf"), 'option "temperature" must be of type float32'),
        ("stop", "END", 'option "stop" must be of type array'),
        ("stop", [1], 'option "stop" must be of an array of strings'),
    ],
)
def test_a_wrong_type_is_named(name: str, value: object, message: str) -> None:
    with pytest.raises(EngineError) as refused:
        merge_options({name: value})
    assert refused.value.message == message


@given(st.dictionaries(st.sampled_from(sorted(DEFAULTS)), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())))
def test_merged_options_always_have_their_types(layer: dict[str, object]) -> None:
    try:
        merged = merge_options(layer)
    except EngineError:
        return
    assert all(type(merged[name]) is type(value) for name, value in DEFAULTS.items())


@pytest.mark.parametrize(("asked", "told"), [(-1, 1000), (-2, 1000), (0, 0), (7, 7), (5000, 1000)])
def test_an_answer_is_at_most_ten_contexts_long(asked: int, told: int) -> None:
    assert sampling_fields(merge_options({"num_predict": asked}), 100)["n_predict"] == told


def test_llama_cpp_gets_its_own_names() -> None:
    fields = sampling_fields(merge_options({"num_keep": 9, "stop": ["END"]}), 100)
    assert (fields["n_keep"], fields["stop"]) == (9, ["END"])
    assert not {"num_ctx", "num_keep", "num_predict"} & set(fields)


@pytest.mark.parametrize(("asked", "told"), [(-1, 100), (0, 0), (64, 64)])
def test_repeat_last_n_of_minus_one_is_the_whole_context(asked, told):
    assert sampling_fields(merge_options({"repeat_last_n": asked}), 100)["repeat_last_n"] == told
