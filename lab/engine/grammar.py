"""From `format` to what binds the answer: no rule, any JSON object, or what a JSON schema allows.

llama.cpp's constraint engine here (llguidance) silently binds nothing when a schema has a part that it does not know. Such
parts are left out, as Ollama's does, so that the others still bind; a schema that makes no sense is refused.
"""

import json
import re
from typing import Any

from lab.engine.errors import EngineError

_UNKNOWN = {
    *("not", "if", "then", "else", "contains", "minContains", "maxContains", "uniqueItems", "propertyNames"),
    *("dependentRequired", "dependentSchemas", "unevaluatedProperties", "unevaluatedItems"),
}
_TYPES = {"object", "array", "string", "number", "integer", "boolean", "null"}
_FORMATS = {"date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uuid", "uri"}
_NO_REGEX = ("(?=", "(?!", "(?<=", "(?<!")  # looking around is not possible while tokens are chosen
# Fixed white space: a small model otherwise can write blank lines until the answer's limit.
_SPACING = {"x-guidance": {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}}


def format_fields(wanted: Any) -> dict[str, Any]:
    """What llama.cpp is told about the form of the answer. Raises EngineError for a format that is none."""
    if wanted is None or wanted == "":
        return {}
    if wanted == "json":
        return {"json_schema": {"type": "object", **_SPACING}}
    if isinstance(wanted, dict):
        return {"json_schema": {**_Binding(wanted).bind(wanted), **_SPACING}}
    raw = json.dumps(json.dumps(wanted, ensure_ascii=False), ensure_ascii=False)
    raise EngineError(500, f'invalid format: {raw}; expected "json" or a valid JSON Schema object')


class _Binding:
    """One schema, with what its references need."""

    def __init__(self, root: dict[str, Any]):
        self.root = root

    def bind(self, schema: Any, closed: bool = True) -> Any:
        """The schema without unknown parts. `closed`: an object has the properties it names and no others, as with Ollama."""
        if not isinstance(schema, dict):
            return schema
        self._check(schema)
        bound = {key: self._part(key, value, closed) for key, value in schema.items() if _known(key, value)}
        if closed and "properties" in bound and not {"patternProperties", "allOf", "anyOf", "oneOf", "$ref"} & bound.keys():
            bound.setdefault("additionalProperties", False)
        return bound

    def _part(self, key: str, value: Any, closed: bool) -> Any:
        if key in ("properties", "patternProperties", "$defs", "definitions") and isinstance(value, dict):
            return {name: self.bind(part, closed) for name, part in value.items()}
        if key in ("anyOf", "oneOf", "allOf", "prefixItems", "items") and isinstance(value, list):
            return [self.bind(part, closed and key != "allOf") for part in value]
        return self.bind(value) if key in ("items", "additionalProperties") else value

    def _check(self, schema: dict[str, Any]) -> None:
        types = schema.get("type", [])
        types = types if isinstance(types, list) else [types]
        if not all(isinstance(name, str) and name in _TYPES for name in types):
            raise _unrecognized(schema)
        if "$ref" in schema and not self._exists(schema["$ref"]):
            raise _unrecognized(schema)
        try:
            re.compile(schema.get("pattern", ""))
        except (re.error, TypeError) as error:
            raise _unrecognized(schema) from error

    def _exists(self, reference: Any) -> bool:
        """Whether `#/$defs/Name` is in this schema."""
        start, *steps = str(reference).split("/")
        found: Any = self.root
        for step in steps:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, dict) else None
        return start == "#" and isinstance(found, dict | bool)


def _known(key: str, value: Any) -> bool:
    if key == "format":
        return isinstance(value, str) and value in _FORMATS
    if key == "pattern":
        return not any(mark in value for mark in _NO_REGEX)
    return key not in _UNKNOWN


def _unrecognized(schema: dict[str, Any]) -> EngineError:
    text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    return EngineError(400, f"JSON schema conversion failed:\nUnrecognized schema: {text}")
