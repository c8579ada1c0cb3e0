"""The live board: where its figures come from, and what it shows when nothing can be read."""

import math

import httpx
import pytest

from lab.errors import LabError
from lab.observe import board as module
from lab.observe.board import Now, Reader, as_html, as_text, board, charts, links, words
from lab.observe.figures import FIGURES, HITS, MEDIAN, QUESTIONS
from lab.observe.scrape import parse
from lab.promql import Sample
from lab.settings import load_settings

TEXT = 'rag_queries_total{status="success"} 7\nrag_questions_waiting 2\n'


@pytest.fixture
def settings():
    return load_settings(prometheus_url="http://127.0.0.1:1", api_url="http://127.0.0.1:1")


@pytest.fixture
def api(monkeypatch):
    monkeypatch.setattr(module, "scrape", lambda url: parse(TEXT))


def test_with_neither_of_both_the_error_tells_how_to_start_them(settings):
    with pytest.raises(LabError, match="Neither Prometheus") as error:
        Reader(settings).look()
    assert "lab up --profile monitoring" in error.value.hint


def test_without_prometheus_the_api_is_read(settings, api):
    reader = Reader(settings)
    assert reader.look().values["Questions that wait"] == 2
    assert [len(points) for points in reader.look().history.values()] == [2] * 5


def test_with_prometheus_it_is_asked_for_every_figure(settings, monkeypatch):
    monkeypatch.setattr(module.promql, "answers", lambda url: True)
    monkeypatch.setattr(module.promql, "query", lambda url, expression: [Sample({}, [(1.0, 3.0)])] if "waiting" in expression else [])
    monkeypatch.setattr(module.promql, "query_range", lambda url, *_: [Sample({}, [(1.0, 1.0), (2.0, 2.0)])])
    now = Reader(settings).look()
    assert (now.source, now.values["Questions that wait"], now.history[MEDIAN.title]) == ("Prometheus", 3.0, [(1.0, 1.0), (2.0, 2.0)])
    assert math.isnan(now.values[QUESTIONS.title])


def test_a_board_without_a_lab_says_so_and_shows_figures_when_there_are(settings, monkeypatch):
    shown = board(settings)
    assert "Neither Prometheus" in shown.children[1].value and repr(shown) == "Nothing could be read."
    monkeypatch.setattr(module, "scrape", lambda url: parse(TEXT))
    shown.refresh()
    assert "<caption>The last minute, from the API&#x27;s own counts</caption>" in shown.children[1].value
    assert "Questions that wait: 2" in repr(shown)


def test_an_api_that_goes_away_is_said_in_the_place_of_the_figures(settings, api, monkeypatch):
    shown = board(settings)

    def refuse(url):
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(module, "scrape", refuse)
    shown.refresh()
    assert "Neither Prometheus" in shown.children[1].value


@pytest.mark.parametrize(
    ("figure", "number", "said"),
    [(MEDIAN, 0.1234, "0.123 s"), (HITS, 0.5, "50%"), (QUESTIONS, 2.0, "2/s"), (HITS, math.nan, "nothing yet")],
)
def test_a_value_is_shown_with_its_unit(figure, number, said):
    assert words(figure, number) == said


def test_the_table_can_be_read_without_sight_and_has_all_figures():
    now = Now("Prometheus", dict.fromkeys((figure.title for figure in FIGURES), 1.0), {})
    html = as_html(now, {"Prometheus": "http://127.0.0.1:9090/"})
    assert html.count('<th scope="row">') == len(FIGURES) == len(as_text(now).splitlines()) - 1
    assert '<a href="http://127.0.0.1:9090/"' in html


@pytest.mark.parametrize(("place", "names"), [("embedded", ["Prometheus"]), ("compose", ["Prometheus", "Grafana"])])
def test_links_lead_to_what_runs_in_the_place(settings, place, names):
    own = settings.model_copy(update={"lab_place": place})
    assert list(links(own, "Prometheus")) == names
    assert links(own, "the API's own counts") == {}


def test_the_link_leads_to_the_prometheus_that_was_asked(settings):
    own = settings.model_copy(update={"lab_place": "embedded", "prometheus_url": "http://127.0.0.1:4321"})
    assert links(own, "Prometheus") == {"Prometheus": "http://127.0.0.1:4321/"}


def test_the_charts_have_a_text_in_their_place():
    history = {figure.title: [(1.0, 0.5), (2.0, 0.25)] for chart in module.CHARTS for figure in chart}
    assert 'alt="Time of a question, median: up to 0.5 s' in charts(history)
    assert "nothing yet" in charts({title: [] for title in history})
