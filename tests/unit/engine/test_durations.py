"""Durations as Go reads them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.engine.durations import parse_duration, parse_keep_alive
from lab.engine.errors import EngineError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5m", 300), ("1h30m", 5400), ("1.5s", 1.5), ("250ms", 0.25), ("0", 0), ("-1m", -60), ("+2s", 2), (".5s", 0.5), ("3µs", 3e-6)],
)
def test_durations_of_go_become_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_parts_of_a_duration_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert parse_duration(f"{hours}h{minutes}m{seconds}s") == hours * 3600 + minutes * 60 + seconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("300", 'time: missing unit in duration "300"'),
        ("5 m", 'time: unknown unit " m" in duration "5 m"'),
        ("5x", 'time: unknown unit "x" in duration "5x"'),
        ("", 'time: invalid duration ""'),
        ("soon", 'time: invalid duration "soon"'),
        ("-", 'time: invalid duration "-"'),
    ],
)
def test_a_bad_duration_is_refused_in_gos_words(text: str, message: str) -> None:
    with pytest.raises(EngineError) as refused:
        parse_duration(text)
    assert (refused.value.status, refused.value.message) == (400, message)


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        assert math.isfinite(parse_duration(text))
    except EngineError as error:
        assert error.status == 400


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        (0, 0),
        ("0", 0),
        (10, 10),
        (2.5, 2.5),
        ("1m", 60),
        (-1, math.inf),
        ("-1s", math.inf),
        (1e12, math.inf),
        (10**400, math.inf),
        ("9999999h", math.inf),
    ],
)
def test_keep_alive_is_seconds_or_for_ever(value: object, seconds: float | None) -> None:
    assert parse_keep_alive(value) == seconds


@pytest.mark.parametrize("value", [True, [], {}])
def test_keep_alive_of_another_type_is_refused(value: object) -> None:
    with pytest.raises(EngineError, match="Unsupported type"):
        parse_keep_alive(value)
