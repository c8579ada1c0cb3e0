"""The functions that a TEMPLATE may call: Go's own, and Ollama's `json`. Texts are counted and cut in bytes, as Go does."""

import json
import re
from collections.abc import Callable
from typing import Any

_VERB = re.compile(r"%([%svdq])")


def truthy(value: Any) -> bool:
    """Go's truth: false, 0, nil and everything empty are false."""
    return bool(value)


def text_of(value: Any) -> str:
    """How Go prints a value."""
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + " ".join(text_of(item) for item in value) + "]"
    return to_json(value) if isinstance(value, dict) else str(value)


def to_json(value: Any) -> str:
    """As JSON, without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _equal(first: Any, *others: Any) -> bool:
    return any(first == other for other in others)


def _length(value: Any) -> int:
    return len(value.encode() if isinstance(value, str) else value)


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else value[_position(key)]
    return value


def _slice(value: Any, *bounds: Any) -> Any:
    cut = slice(*(_position(bound) for bound in bounds)) if len(bounds) > 1 else slice(_position(bounds[0]) if bounds else 0, None)
    if cut.stop is not None and cut.stop > _length(value):
        raise IndexError(f"slice index {cut.stop} is out of range")
    return value.encode()[cut].decode("utf-8", "ignore") if isinstance(value, str) else value[cut]


def _position(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise IndexError(f"index {text_of(value)} is out of range")
    return value


def _print(*values: Any) -> str:
    return "".join(text_of(value) for value in values)


def _println(*values: Any) -> str:
    return " ".join(text_of(value) for value in values) + "\n"


def _printf(layout: str, *values: Any) -> str:
    rest = iter(values)
    verbs = {"s": text_of, "v": text_of, "d": lambda value: str(int(value)), "q": lambda value: json.dumps(str(value), ensure_ascii=False)}
    return _VERB.sub(lambda match: "%" if match[1] == "%" else verbs[match[1]](next(rest)), layout)


LAZY = ("and", "or")  # they end at the first value that decides, so the evaluator does them
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "not": lambda value: not truthy(value),
    "eq": _equal,
    "ne": lambda first, second: first != second,
    "lt": lambda first, second: first < second,
    "le": lambda first, second: first <= second,
    "gt": lambda first, second: first > second,
    "ge": lambda first, second: first >= second,
    "len": _length,
    "index": _index,
    "slice": _slice,
    "print": _print,
    "println": _println,
    "printf": _printf,
    "json": to_json,
}
