import asyncio

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from lab.errors import InputError, LabError, MissingError, ServiceError, SettingError
from lab.observe.rag_metrics import RAGMetrics
from lab.observe.track import status_of


class Full(LabError):
    outcome = "busy"


def caused(error, cause):
    error.__cause__ = cause
    return error


ENDS = {
    "success": [None],
    "error": [ValueError("wrong"), ServiceError("away"), SettingError("wrong"), KeyError("gone")],
    "cancelled": [asyncio.CancelledError(), KeyboardInterrupt(), SystemExit(1), GeneratorExit()],
    "timeout": [TimeoutError(), httpx.ReadTimeout("late"), caused(ServiceError("late"), httpx.ReadTimeout("late"))],
    "busy": [Full("full")],
    "invalid": [InputError("no such filter"), MissingError("no such collection")],
}
PAIRS = [(status, error) for status, errors in ENDS.items() for error in errors]
KINDS = ("plain", "async", "generator", "async generator")
CALLS = st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(PAIRS)), max_size=20)


def make(kind, tracked):
    """A tracked function of a kind; called with an error, it raises it, else it gives "done"."""

    def end(error):
        if error:
            raise error
        return "done"

    async def later(error):
        return end(error)

    def steps(error):
        yield "begun"
        yield end(error)

    async def later_steps(error):
        yield "begun"
        yield end(error)

    return tracked(dict(zip(KINDS, (end, later, steps, later_steps), strict=True))[kind])


def call(kind, function, error):
    """What it gave last; an error's end is its type."""

    async def drain():
        return [one async for one in function(error)][-1]

    ways = {"plain": lambda: function(error), "async": lambda: asyncio.run(function(error)), "generator": lambda: list(function(error))[-1]}
    try:
        return ways.get(kind, lambda: asyncio.run(drain()))()
    except BaseException as raised:
        return type(raised)


@settings(deadline=None)  # the machine may be busy
@given(CALLS)
def test_every_call_counts_once_by_how_it_ended(calls):
    metrics = RAGMetrics()
    for kind, (_, error) in calls:
        call(kind, make(kind, metrics.track_query), error)
    for status in ENDS:
        expected = sum(status == one for _, (one, _) in calls)
        assert read(metrics, "rag_queries_total", status=status) == expected
        assert read(metrics, "rag_query_duration_seconds_count", component="total", status=status) == expected


@settings(deadline=None)  # the machine may be busy
@given(st.sampled_from(KINDS), st.sampled_from(PAIRS))
def test_a_tracked_function_gives_and_raises_what_it_did_before(kind, pair):
    before, after = (call(kind, make(kind, tracked), pair[1]) for tracked in (lambda function: function, RAGMetrics().track_query))
    assert before == after


def test_a_reader_that_leaves_early_is_a_cancellation():
    metrics = RAGMetrics()
    steps = make("generator", metrics.track_query)(None)
    assert next(steps) == "begun"
    steps.close()
    assert read(metrics, "rag_queries_total", status="cancelled") == 1


def test_a_time_limit_around_an_async_function_is_a_timeout_outside_and_a_cancellation_inside():
    metrics = RAGMetrics()

    @metrics.track_query
    async def limited():
        async with asyncio.timeout(0.01):
            await metrics.track_search(asyncio.sleep)(60)

    with pytest.raises(TimeoutError):
        asyncio.run(limited())
    assert read(metrics, "rag_queries_total", status="timeout") == 1
    assert read(metrics, "rag_query_duration_seconds_count", component="retrieve", status="cancelled") == 1


def test_the_first_end_of_a_piece_of_work_counts():
    metrics = RAGMetrics()
    work = metrics.query()
    work.end()
    work.end(ValueError())
    assert read(metrics, "rag_queries_total", status="success") == 1
    assert read(metrics, "rag_queries_total", status="error") == 0


def test_causes_that_go_in_a_circle_are_looked_at_once():
    first, second = ServiceError("a"), ServiceError("b")
    first.__cause__, second.__cause__ = second, first
    assert status_of(first) == "error"


def read(metrics, name, **labels):
    """A sample; a series that never was is 0."""
    registry: CollectorRegistry = metrics.registry
    return registry.get_sample_value(name, labels) or 0
