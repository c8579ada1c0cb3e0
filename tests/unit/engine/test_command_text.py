"""Sizes, times and columns as Ollama prints them."""

from datetime import UTC, datetime, timedelta

import pytest

from lab.engine.command_text import columns, duration_text, human_size, human_time

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 KB"), (1500, "1.5 KB"), (46_223_264, "46 MB"), (1_321_098_329, "1.3 GB"), (2e12, "2 TB")],
)
def test_sizes_have_units_of_a_thousand(size, text):
    assert human_size(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "Less than a second ago"),
        (1, "1 second ago"),
        (42, "42 seconds ago"),
        (70, "About a minute ago"),
        (299, "4 minutes ago"),
        (3600, "About an hour ago"),
        (3 * 3600, "3 hours ago"),
        (47 * 3600, "47 hours ago"),
        (3 * 86400, "3 days ago"),
        (15 * 86400, "2 weeks ago"),
        (70 * 86400, "2 months ago"),
        (800 * 86400, "2 years ago"),
        (-299, "4 minutes from now"),
        (-100 * 365 * 86400, "Forever"),
        (2000 * 365 * 86400, "Never"),
    ],
)
def test_times_are_told_from_now(seconds, text):
    assert human_time(NOW - timedelta(seconds=seconds), NOW) == text


def test_columns_are_as_wide_as_their_widest_cell():
    assert columns([["NAME", "ID"], ["smollm2:135m", "abc"]]) == "NAME            ID\nsmollm2:135m    abc"


@pytest.mark.parametrize(("nanoseconds", "text"), [(1_234_000_000, "1.234s"), (56_780_000, "56.78ms")])
def test_durations_have_their_unit(nanoseconds, text):
    assert duration_text(nanoseconds) == text
