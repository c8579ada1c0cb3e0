"""Keys: equal for requests that must get the same answer, different for all others."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.service.cache.keys import SILENT, fingerprint, key_of, normalise, prefix, scope_of, settled, variant_of
from lab.settings import Settings, load_settings

VALUES = st.text(max_size=5) | st.booleans() | st.integers() | st.floats(allow_nan=False)
FILTERS = st.dictionaries(st.text(max_size=5), VALUES | st.lists(VALUES, min_size=1, max_size=4), max_size=3)


def key(question: str = "Which port?", scope: str = "s", kind: str = "query", top_k: int = 5, filters: Any = None) -> str:
    return key_of("handbook", variant_of(scope, kind, top_k, filters), question)


@pytest.mark.parametrize("same", ["Which  port?", " Which port?\n", "Ｗｈｉｃｈ port?", "Which\u00a0port?"])
def test_spaces_and_forms_of_unicode_do_not_make_another_question(same: str) -> None:
    assert key(same) == key()


@pytest.mark.parametrize("other", ["which port?", "Which port", "Which ports?", ""])
def test_other_words_and_other_capitals_make_another_question(other: str) -> None:
    assert key(other) != key()


def test_a_capital_letter_can_be_another_option() -> None:
    assert key("What does docker run -p do?") != key("What does docker run -P do?")


@pytest.mark.parametrize("changed", [{"scope": "t"}, {"kind": "rag"}, {"top_k": 6}, {"filters": {"source": "a.md"}}])
def test_everything_that_changes_an_answer_changes_the_key(changed: dict[str, Any]) -> None:
    assert key(**changed) != key()


@given(st.text(), st.text())
def test_no_two_questions_share_a_key_by_how_they_are_joined(one: str, two: str) -> None:
    assert (key(one) == key(two)) == (normalise(one) == normalise(two))


@given(st.text())
def test_normalising_twice_changes_nothing_more(question: str) -> None:
    assert normalise(normalise(question)) == normalise(question)


@given(FILTERS, st.randoms())
def test_the_order_of_filters_and_of_their_values_does_not_matter(filters: dict[str, Any], chance: Any) -> None:
    fields = list(filters)
    chance.shuffle(fields)
    other = {
        name: value if not isinstance(value, list) else chance.sample(value, len(value)) for name in fields for value in [filters[name]]
    }
    assert key(filters=other) == key(filters=filters)


def test_one_value_as_a_list_is_the_same_filter() -> None:
    assert settled({"source": "a.md"}) == settled({"source": ["a.md"]})


@pytest.mark.parametrize("value", [1, 1.0, True, "1", "true"])
def test_numbers_truth_and_text_that_look_alike_are_different_filters(value: Any) -> None:
    others = [other for other in (1, 1.0, True, "1", "true") if type(other) is not type(value) or other != value]
    assert key(filters={"year": value}) not in [key(filters={"year": other}) for other in others]


@given(FILTERS, FILTERS)
def test_other_filters_never_share_a_key(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert (key(filters=one) == key(filters=two)) == (settled(one) == settled(two))


def test_a_key_begins_with_its_collection() -> None:
    assert key().startswith(prefix("handbook"))
    assert not key().startswith(prefix("hand"))


@pytest.mark.parametrize(
    ("name", "value"), [("temperature", 1.0), ("chat_model", "m"), ("diversity", 0.5), ("num_predict", 9), ("rerank", "llm")]
)
def test_settings_that_change_answers_are_in_the_fingerprint(name: str, value: Any) -> None:
    assert fingerprint(load_settings(**{name: value})) != fingerprint(load_settings())


@pytest.mark.parametrize(("name", "value"), [("api_port", 9000), ("redis_port", 1), ("request_timeout", 9), ("lab_home", "/tmp/elsewhere")])
def test_settings_that_change_no_answer_are_not(name: str, value: Any) -> None:
    assert fingerprint(load_settings(**{name: value})) == fingerprint(load_settings())


def test_each_silent_name_still_is_a_setting() -> None:
    assert [name for name in SILENT if not any(known.startswith(name) for known in Settings.model_fields)] == []


def test_an_edited_prompt_is_another_scope(tmp_path: Any) -> None:
    settings = load_settings(prompts=str(tmp_path))
    before = scope_of("handbook", fingerprint(settings))
    (tmp_path / "answer.txt").write_text("{context} {question} Be short.")
    assert scope_of("handbook", fingerprint(settings)) != before
