"""Reading requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.engine.errors import EngineError
from lab.engine.requests import CHAT_FIELDS, GENERATE_FIELDS, check_messages, parse_body


def refused(body: bytes, fields: object = GENERATE_FIELDS) -> str:
    with pytest.raises(EngineError) as error:
        parse_body(body, "GenerateRequest", fields)  # type: ignore[arg-type]
    assert error.value.status == 400
    return error.value.message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "missing request body"),
        (b"  \n", "missing request body"),
        (b'{"model":', "unexpected EOF"),
        (b'{"model": "x', "unexpected EOF"),
        (b"hello", "invalid character 'h' looking for beginning of value"),
        (b"{'model': 1}", "invalid character '\\'' looking for beginning of object key string"),
        (b'{"model" "x"}', "invalid character '\"' after object key"),
        (b'{"a": 1 "b": 2}', "invalid character '\"' after object key:value pair"),
        (b'{"seed": NaN}', "invalid character 'N' looking for beginning of value"),
        (b"[" * 100_000, "exceeded max depth"),
        (b"[1]", "json: cannot unmarshal array into Go value of type api.GenerateRequest"),
        (b"null", "json: cannot unmarshal null into Go value of type api.GenerateRequest"),
        (b'{"seed": ' + b"1" * 5000 + b"}", "a number of the request is too long"),
        (b'{"model": 3}', "json: cannot unmarshal number into Go struct field GenerateRequest.model of type string"),
        (b'{"stream": "no"}', "json: cannot unmarshal string into Go struct field GenerateRequest.stream of type bool"),
        (b'{"top_logprobs": 2.5}', "json: cannot unmarshal number 2.5 into Go struct field GenerateRequest.top_logprobs of type int"),
        (b'{"top_logprobs": true}', "json: cannot unmarshal bool into Go struct field GenerateRequest.top_logprobs of type int"),
    ],
)
def test_a_bad_body_is_refused_in_gos_words(body: bytes, message: str) -> None:
    assert refused(body) == message


def test_null_counts_as_not_given() -> None:
    assert parse_body(b'{"model": "x", "options": null}', "GenerateRequest", GENERATE_FIELDS) == {"model": "x"}


def test_what_follows_the_first_value_is_ignored() -> None:
    assert parse_body(b'{"model": "x"} and more', "GenerateRequest") == {"model": "x"}


@given(st.binary(max_size=40))
def test_any_bytes_are_an_object_or_refused(body: bytes) -> None:
    try:
        assert isinstance(parse_body(body, "ChatRequest", CHAT_FIELDS), dict)
    except EngineError as error:
        assert error.status == 400
        assert error.message


def test_half_a_character_becomes_the_unknown_sign() -> None:
    assert parse_body(rb'{"prompt": "a\ud83d b\ud83d\udea2"}', "GenerateRequest") == {"prompt": "a\ufffd b🚢"}


def test_messages_get_their_role_and_content() -> None:
    assert check_messages([{"role": "USER", "content": None}]) == [{"role": "user", "content": ""}]


@pytest.mark.parametrize(
    ("message", "field"),
    [("hi", "messages of"), (None, "messages of"), ({"role": 1}, "messages.role"), ({"content": ["a"]}, "messages.content")],
)
def test_a_wrong_message_is_named(message: object, field: str) -> None:
    with pytest.raises(EngineError, match=f"ChatRequest.{field}"):
        check_messages([message])
