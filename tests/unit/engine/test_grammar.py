"""The form that `format` asks for."""

from typing import Any

import pytest

from lab.engine.errors import EngineError
from lab.engine.grammar import format_fields

TEXT = {"type": "string"}


def bound(schema: dict[str, Any]) -> dict[str, Any]:
    """What is left of the schema, without the rule about white space."""
    fields = format_fields(schema)["json_schema"]
    assert fields.pop("x-guidance")["whitespace_flexible"] is False
    return dict(fields)


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_format_means_no_rule(nothing: str | None) -> None:
    assert format_fields(nothing) == {}


def test_format_json_is_any_object() -> None:
    assert format_fields("json")["json_schema"]["type"] == "object"


@pytest.mark.parametrize(("wrong", "shown"), [("yaml", r'"\"yaml\""'), (["a"], r'"[\"a\"]"'), (3, '"3"')])
def test_another_format_is_refused_and_quoted(wrong: object, shown: str) -> None:
    with pytest.raises(EngineError) as refused:
        format_fields(wrong)
    assert refused.value.message == f'invalid format: {shown}; expected "json" or a valid JSON Schema object'


def test_an_object_has_no_other_properties_than_it_names() -> None:
    inner = {"type": "object", "properties": {"a": TEXT}}
    schema = bound({"properties": {"inner": inner}, "$defs": {"d": inner}})
    closed = {**inner, "additionalProperties": False}
    assert schema == {"properties": {"inner": closed}, "$defs": {"d": closed}, "additionalProperties": False}


def test_what_a_schema_says_about_other_properties_holds() -> None:
    schema = {"properties": {"a": TEXT}, "additionalProperties": {"type": "integer"}}
    assert bound(schema) == schema


def test_parts_of_one_object_stay_open_for_each_other() -> None:
    schema = {"allOf": [{"properties": {"a": TEXT}}, {"properties": {"b": TEXT}}]}
    assert bound(schema) == schema


@pytest.mark.parametrize("part", [{"not": TEXT}, {"uniqueItems": True}, {"format": "color"}, {"pattern": "(?=a)b"}, {"if": TEXT}])
def test_a_part_that_cannot_bind_is_left_out_so_that_the_rest_binds(part: dict[str, Any]) -> None:
    assert bound({"properties": {"a": {**TEXT, **part, "maxLength": 3}}})["properties"] == {"a": {**TEXT, "maxLength": 3}}


def test_a_property_may_have_the_name_of_a_keyword() -> None:
    assert bound({"properties": {"not": TEXT, "format": TEXT}})["properties"] == {"not": TEXT, "format": TEXT}


@pytest.mark.parametrize(
    "schema",
    [{"type": "text"}, {"type": 3}, {"$ref": "#/$defs/none"}, {"$ref": "other.json"}, {"type": "string", "pattern": "(("}, {"pattern": 1}],
)
def test_a_schema_that_makes_no_sense_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(EngineError, match="Unrecognized schema") as refused:
        format_fields({"properties": {"a": schema}})
    assert refused.value.status == 400


def test_a_format_that_is_no_text_is_left_out() -> None:
    assert bound({"type": "string", "format": {}}) == {"type": "string"}


def test_references_inside_the_schema_are_kept() -> None:
    schema = {"$defs": {"a/b": TEXT}, "$ref": "#/$defs/a~1b"}
    assert bound(schema) == schema
