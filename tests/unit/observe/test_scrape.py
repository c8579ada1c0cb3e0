"""Rates, shares and percentiles from two scrapes, without Prometheus."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from lab.observe.figures import FIGURES, Figure
from lab.observe.scrape import grown, parse, quantile, value


class Program:
    """A few metrics of a program, and scrapes of them a minute apart, or so many seconds."""

    def __init__(self, apart=60.0):
        self.apart = apart
        self.registry = CollectorRegistry()
        self.asked = Counter("asked", "-", ["status"], registry=self.registry)
        self.seconds = Histogram("seconds", "-", ["status"], buckets=(1, 2, 4), registry=self.registry)
        self.waiting = Gauge("waiting", "-", ["queue"], registry=self.registry)
        self.scrapes = []

    def scrape(self):
        self.scrapes.append(replace(parse(generate_latest(self.registry).decode()), at=self.apart * len(self.scrapes)))

    def value(self, *words, **more):
        return value(Figure("-", "", *words, **more), self.scrapes)


@pytest.fixture
def program():
    return begun()


def begun(apart=60.0):
    made = Program(apart)
    made.asked.labels("success").inc(100)
    made.asked.labels("error")
    made.seconds.labels("success").observe(0.5)
    made.scrape()
    return made


def test_one_scrape_gives_no_rate(program):
    assert math.isnan(program.value("rate", "asked_total"))


def test_a_rate_is_events_per_second_since_the_scrape_before(program):
    program.asked.labels("success").inc(30)
    program.scrape()
    assert program.value("rate", "asked_total") == 0.5


def test_after_a_pause_longer_than_the_window_the_scrape_before_it_is_compared():
    paused = begun(apart=90.0)
    paused.scrape()
    paused.asked.labels("success").inc(45)
    paused.scrape()
    assert paused.value("rate", "asked_total") == 0.5


def test_within_the_window_the_oldest_scrape_is_compared():
    often = begun(apart=20.0)
    for more in (10, 20, 30, 40):  # at 20, 40, 60 and 80 s
        often.asked.labels("success").inc(more)
        often.scrape()
    assert often.value("rate", "asked_total") == (20 + 30 + 40) / 60


def test_a_counter_that_began_anew_counts_from_zero(program):
    again = Program()
    again.scrapes = program.scrapes
    again.asked.labels("success").inc(6)
    again.scrape()
    assert again.value("rate", "asked_total") == 0.1


def test_a_share_is_of_the_events_in_between(program):
    program.asked.labels("success").inc(3)
    program.asked.labels("error").inc()
    program.scrape()
    assert program.value("share", "asked_total", part={"status": ("error",)}) == 0.25


def test_without_events_there_is_no_share_and_no_percentile(program):
    program.scrape()
    assert math.isnan(program.value("share", "asked_total", part={"status": ("error",)}))
    assert math.isnan(program.value("quantile", "seconds"))


def test_a_mean_and_a_percentile_leave_out_what_was_before(program):
    for seconds in (1.5, 1.5, 1.5, 3.5):
        program.seconds.labels("error").observe(seconds)
    program.scrape()
    assert program.value("mean", "seconds") == 2.0
    assert program.value("quantile", "seconds", quantile=0.75) == 2.0


def test_a_value_is_summed_over_the_labels_that_are_asked_for(program):
    program.waiting.labels("a").set(2)
    program.waiting.labels("b").set(3)
    program.scrape()
    assert program.value("sum", "waiting") == 5
    assert program.value("sum", "waiting", {"queue": ("b",)}) == 3
    assert math.isnan(program.value("sum", "nothing_of_this_name"))


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 1.0), (0.25, 0.5), (1.0, 4.0)], ids=["middle of a bucket's end", "inside", "the last event"]
)
def test_a_percentile_is_spread_evenly_inside_its_bucket(share, expected):
    assert quantile(share, [(1, 5), (2, 5), (4, 10), (math.inf, 10)]) == expected


def test_in_the_bucket_without_an_end_every_percentile_is_the_end_of_the_one_before():
    assert quantile(0.95, [(10, 0), (math.inf, 8)]) == 10


@given(st.lists(st.floats(0.01, 9.99), min_size=1, max_size=50), st.floats(0.01, 1))
def test_a_percentile_lies_in_the_bucket_of_the_true_one(values, share):
    bounds = [*range(1, 11), math.inf]
    buckets = [(bound, float(sum(one <= bound for one in values))) for bound in bounds]
    true = sorted(values)[max(1, math.ceil(round(share * len(values), 9))) - 1]
    assert math.ceil(true) - 1 <= quantile(share, buckets) <= math.ceil(true)


def test_a_bucket_that_began_anew_counts_from_zero():
    assert grown({1.0: 5.0, math.inf: 9.0}, {1.0: 1.0, math.inf: 12.0}) == [(1.0, 1.0), (math.inf, 3.0)]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.title)
def test_the_question_to_prometheus_names_the_metric_and_closes_its_brackets(figure):
    assert figure.metric in figure.promql
    assert all(figure.promql.count(one) == figure.promql.count(other) for one, other in ("()", "{}", "[]"))
