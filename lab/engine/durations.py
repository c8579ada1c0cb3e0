"""Durations as Go writes them: "5m", "1h30m", "1.5s", "250ms". They are seconds here."""

import math
import re
from typing import Any

from lab.engine.errors import EngineError

FOR_EVER = math.inf
LONGEST = 2**63 / 1e9  # the longest duration of Go, 292 years
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)([^\d.]*)")


def parse_duration(text: str) -> float:
    """Seconds of a Go duration, with sign. Raises EngineError in Go's words."""
    sign = -1.0 if text.startswith("-") else 1.0
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0.0
    seconds, position = 0.0, 0
    while position < len(rest) and (part := _PART.match(rest, position)):
        number, unit = part.groups()
        if not unit:
            raise EngineError(400, f'time: missing unit in duration "{text}"')
        if unit not in _UNITS:
            raise EngineError(400, f'time: unknown unit "{unit}" in duration "{text}"')
        seconds += float(number) * _UNITS[unit]
        position = part.end()
    if not rest or position < len(rest):
        raise EngineError(400, f'time: invalid duration "{text}"')
    return sign * seconds


def parse_keep_alive(value: Any) -> float | None:
    """Seconds that a request asks to keep its model: a number of seconds, a duration, negative for ever, None when it does not say."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        kinds = {bool: "bool", list: "[]interface {}", dict: "map[string]interface {}"}
        raise EngineError(400, f"Unsupported type: '{kinds[type(value)]}'")
    return seconds_kept(parse_duration(value) if isinstance(value, str) else value)


def seconds_kept(seconds: float) -> float:
    """Seconds that a model stays in memory: negative, and more than Go can count, is for ever."""
    return float(seconds) if 0 <= seconds <= LONGEST else FOR_EVER
