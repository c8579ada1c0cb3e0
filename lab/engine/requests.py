"""Reading requests: JSON with the errors that Ollama, a Go program, gives."""

import json
import re
from collections.abc import Mapping
from typing import Any

from lab.engine.errors import EngineError

# An escape like \ud83d may be half of a character; alone it is none, and becomes the sign for an unknown one.
_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")
_GO_NAMES = {bool: "bool", int: "number", float: "number", str: "string", list: "array", dict: "object", type(None): "null"}
_EXPECTED = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Expecting ':' delimiter": "after object key",
    "Expecting ',' delimiter": "after object key:value pair",
    "Illegal trailing comma before end of object": "looking for beginning of object key string",
    "Illegal trailing comma before end of array": "looking for beginning of value",
}
STRING, BOOL, INT, NUMBER, LIST, DICT = (str,), (bool,), (int,), (int, float), (list,), (dict,)
# Fields whose type is checked, with the type's name in Go.
MODEL_FIELDS = {"model": (STRING, "string"), "name": (STRING, "string"), "stream": (BOOL, "bool")}
RUN_FIELDS = {
    **MODEL_FIELDS,
    "options": (DICT, "map[string]interface {}"),
    "truncate": (BOOL, "bool"),
    "shift": (BOOL, "bool"),
    "logprobs": (BOOL, "bool"),
    "top_logprobs": (INT, "int"),
}
GENERATE_FIELDS = {
    **RUN_FIELDS,
    "prompt": (STRING, "string"),
    "suffix": (STRING, "string"),
    "system": (STRING, "string"),
    "template": (STRING, "string"),
    "context": (LIST, "[]int"),
    "raw": (BOOL, "bool"),
    "images": (LIST, "[]api.ImageData"),
}
CHAT_FIELDS = {**RUN_FIELDS, "messages": (LIST, "[]api.Message"), "tools": (LIST, "api.Tools")}
SHOW_FIELDS = {
    **MODEL_FIELDS,
    "verbose": (BOOL, "bool"),
    "system": (STRING, "string"),
    "options": (DICT, "map[string]interface {}"),
}
COPY_FIELDS = {"source": (STRING, "string"), "destination": (STRING, "string")}
PULL_FIELDS = {**MODEL_FIELDS, "insecure": (BOOL, "bool")}
CREATE_FIELDS = {
    **MODEL_FIELDS,
    "from": (STRING, "string"),
    "files": (DICT, "map[string]string"),
    "template": (STRING, "string"),
    "system": (STRING, "string"),
    "parameters": (DICT, "map[string]interface {}"),
    "messages": (LIST, "[]api.Message"),
    "renderer": (STRING, "string"),
    "parser": (STRING, "string"),
    "requires": (STRING, "string"),
}
EMBED_FIELDS = {**RUN_FIELDS, "prompt": (STRING, "string"), "dimensions": (INT, "int")}
OPENAI_FIELDS = {
    **MODEL_FIELDS,
    "messages": (LIST, "[]openai.Message"),
    "max_tokens": (INT, "int"),
    "max_completion_tokens": (INT, "int"),
    "seed": (INT, "int"),
    "temperature": (NUMBER, "float64"),
    "top_p": (NUMBER, "float64"),
    "logprobs": (BOOL, "*bool"),
    "top_logprobs": (INT, "int"),
    "frequency_penalty": (NUMBER, "float64"),
    "presence_penalty": (NUMBER, "float64"),
    "response_format": (DICT, "openai.ResponseFormat"),
    "stream_options": (DICT, "openai.StreamOptions"),
    "dimensions": (INT, "int"),
    "suffix": (STRING, "string"),
}

Fields = Mapping[str, tuple[tuple[type, ...], str]]


def parse_body(body: bytes, struct: str, fields: Fields = MODEL_FIELDS) -> dict[str, Any]:
    """The request's fields without those that are null. Raises EngineError 400."""
    try:
        text = body.decode("utf-8", errors="replace").lstrip()
        if not text:
            raise EngineError(400, "missing request body")
        data, _ = json.JSONDecoder(parse_constant=_no_constant).raw_decode(text)  # as in Go, what follows is ignored
    except json.JSONDecodeError as error:
        raise EngineError(400, _go_syntax_error(error)) from error
    except ValueError as error:
        raise EngineError(400, "a number of the request is too long") from error
    except RecursionError as error:
        raise EngineError(400, "exceeded max depth") from error
    if not isinstance(data, dict):
        raise EngineError(400, f"json: cannot unmarshal {_GO_NAMES[type(data)]} into Go value of type api.{struct}")
    if _HALF_CHARACTER.search(text):
        data = json.loads(json.dumps(data, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    given = {name: value for name, value in data.items() if value is not None}
    for name in fields.keys() & given.keys():
        check_type(f"{struct}.{name}", given[name], *fields[name])
    return given


def check_type(field: str, value: Any, types: tuple[type, ...], go_type: str) -> None:
    """Raise EngineError 400 unless the value is of one of the types. A Boolean is no number."""
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        found = f"number {value}" if isinstance(value, float) and int in types else _GO_NAMES[type(value)]
        raise EngineError(400, f"json: cannot unmarshal {found} into Go struct field {field} of type {go_type}")


def check_messages(messages: list[Any]) -> list[dict[str, Any]]:
    """Chat messages with the fields that every one has. Raises EngineError 400."""
    checked = []
    for message in messages:
        check_type("ChatRequest.messages", message, DICT, "api.Message")
        for name in ("role", "content"):
            check_type(f"ChatRequest.messages.{name}", message.get(name) or "", STRING, "string")
        checked.append({**message, "role": (message.get("role") or "").lower(), "content": message.get("content") or ""})
    return checked


def _no_constant(name: str) -> None:
    raise EngineError(400, f"invalid character '{name[0]}' looking for beginning of value")  # NaN and Infinity are no JSON


def _go_syntax_error(error: json.JSONDecodeError) -> str:
    if error.pos >= len(error.doc):
        return "unexpected EOF"
    if error.msg.startswith("Unterminated string"):
        return "unexpected EOF"
    found = error.doc[error.pos]
    shown = "'\\''" if found == "'" else f"'{found}'"
    return f"invalid character {shown} {_EXPECTED.get(error.msg, 'in string literal')}"
