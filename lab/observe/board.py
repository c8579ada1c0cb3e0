"""The live board of lesson 09: what the RAG system does now, in a table and four small charts.

It asks Prometheus when there is one, which also knows what happened before; else it reads the API's own counts, and remembers them.
"""

import math
import time
from collections import deque
from collections.abc import Sequence
from html import escape
from typing import Any

from ipywidgets import HTML

from lab import promql
from lab.course.figure import show
from lab.course.live import Live
from lab.errors import LabError
from lab.observe.figures import FIGURES, HITS, MEDIAN, QUESTIONS, SLOW, WRITTEN, Figure
from lab.observe.scrape import Scrape, readable, scrape, value
from lab.settings import Settings, get_settings

SHOWN = 600.0  # seconds that the charts look back
STEP = 5.0  # seconds between two points of a chart
CHARTS: tuple[tuple[Figure, ...], ...] = ((MEDIAN, SLOW), (QUESTIONS,), (HITS,), (WRITTEN,))
Points = list[tuple[float, float]]


class Now:
    """One look: where it came from, a value for each figure, and the points of the charts."""

    def __init__(self, source: str, values: dict[str, float], history: dict[str, Points]):
        self.source, self.values, self.history = source, values, history


class Reader:
    """Looks at a lab, each time at Prometheus first."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._scrapes: deque[Scrape] = deque(maxlen=int(SHOWN))
        self._history: dict[str, Points] = {figure.title: [] for chart in CHARTS for figure in chart}

    def look(self) -> Now:
        """What is known now. Raises LabError when neither Prometheus nor the API answers."""
        url = self._settings.prometheus_url
        return self._from_prometheus(url) if promql.answers(url) else self._from_api()

    def _from_prometheus(self, url: str) -> Now:
        end = time.time()
        values = {figure.title: _first(promql.query(url, figure.promql)) for figure in FIGURES}
        history = {}
        for figure in (figure for chart in CHARTS for figure in chart):
            found = promql.query_range(url, figure.promql, end - SHOWN, end, STEP)
            history[figure.title] = found[0].points if found else []
        return Now("Prometheus", values, history)

    def _from_api(self) -> Now:
        import httpx

        try:
            self._scrapes.append(scrape(self._settings.api_url))
        except httpx.HTTPError as error:
            what = f"Neither Prometheus ({self._settings.prometheus_url}) nor the RAG API ({self._settings.api_url}) answers."
            raise LabError(what, "`lab up` starts the API, `lab up --profile monitoring` also Prometheus.") from error
        values = {figure.title: value(figure, self._scrapes) for figure in FIGURES}
        for title, points in self._history.items():
            points.append((self._scrapes[-1].at, values[title]))
        return Now("the API's own counts", values, self._history)


def _first(samples: Sequence[promql.Sample]) -> float:
    return samples[0].value if samples else math.nan


def board(settings: Settings | None = None) -> "Board":
    """A live board of the lab that the settings describe; without them, of the lab that this process belongs to."""
    return Board(settings or get_settings())


class Board(Live):
    """Shows the figures of a minute, and how they changed."""

    def __init__(self, settings: Settings):
        self.reader = Reader(settings)
        self._settings = settings
        self._table, self._charts = HTML(), HTML()
        self.now: Now | None = None
        super().__init__([self._table, self._charts], "Read the figures again")

    def refresh(self) -> None:
        """Reads the figures and shows them; what cannot be read is said in their place."""
        try:
            self.now = self.reader.look()
        except LabError as error:
            self._table.value = f'<p role="status">{escape(str(error))}</p>'
            return
        self._table.value = as_html(self.now, links(self._settings, self.now.source))
        self._charts.value = charts(self.now.history)

    def __repr__(self) -> str:
        return as_text(self.now) if self.now else "Nothing could be read."


def words(figure: Figure, number: float) -> str:
    """A value as people read it."""
    if math.isnan(number):
        return "nothing yet"
    return f"{number:.0%}" if figure.unit == "%" else f"{number:.3g} {figure.unit}".replace(" /s", "/s").strip()


def as_text(now: Now) -> str:
    """The figures in lines."""
    return "\n".join([f"The last minute, from {now.source}", *(f"  {f.title}: {words(f, now.values[f.title])}" for f in FIGURES)])


def as_html(now: Now, where: dict[str, str]) -> str:
    """A table with a caption and header cells, and links to the pages that show more."""
    rows = "".join(f'<tr><th scope="row">{escape(f.title)}</th><td>{escape(words(f, now.values[f.title]))}</td></tr>' for f in FIGURES)
    link = '<a href="{}" target="_blank" style="text-decoration: underline">{}</a>'  # JupyterLab draws a bare link like other text
    more = ", ".join(link.format(escape(url), escape(name)) for name, url in where.items())
    shown = f"<p>More: {more}</p>" if more else ""
    return f"<table><caption>The last minute, from {escape(now.source)}</caption><tbody>{rows}</tbody></table>{shown}"


def links(settings: Settings, source: str) -> dict[str, str]:
    """The pages of Prometheus and Grafana, as a browser of this machine finds them."""
    if source != "Prometheus":
        return {}
    if settings.lab_place != "compose":
        return {"Prometheus": f"{settings.prometheus_url}/"}
    # the address between containers is none for a browser
    published = f"http://127.0.0.1:{settings.prometheus_port}/"
    return {"Prometheus": published, "Grafana": f"{settings.grafana_url}/d/slipway-overview"}


def charts(history: dict[str, Points]) -> str:
    """Four small charts as one picture with a text in its place."""
    import matplotlib

    with matplotlib.rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        from matplotlib.figure import Figure as Drawing  # not pyplot: the board draws from a thread

        drawing = Drawing(figsize=(8, 4), layout="constrained")
        for axes, chart in zip(drawing.subplots(2, 2).flat, CHARTS, strict=True):
            _draw(axes, chart, history)
        return show(drawing, "; ".join(_told(figure, history) for chart in CHARTS for figure in chart))._repr_html_()


def _draw(axes: Any, chart: tuple[Figure, ...], history: dict[str, Points]) -> None:
    end = max((point[0] for points in history.values() for point in points), default=0.0)
    for figure, style in zip(chart, ("-", "--"), strict=False):
        points = history[figure.title]
        scale = 100 if figure.unit == "%" else 1
        axes.plot([(when - end) / 60 for when, _ in points], [number * scale for _, number in points], style, label=figure.title)
    axes.set_title(" and ".join(figure.title for figure in chart).replace(" and Time of a question,", " and"))
    axes.set_ylabel(chart[0].unit)
    axes.set_xlabel("minutes ago")
    axes.set_ylim(bottom=0)


def _told(figure: Figure, history: dict[str, Points]) -> str:
    numbers = readable(number for _, number in history[figure.title])
    return f"{figure.title}: up to {words(figure, max(numbers))}" if numbers else f"{figure.title}: nothing yet"
