"""The live board of a notebook: services and models, in words, in a table that a screen reader can read.

Where widgets cannot be shown, its text says the same without times, ports and addresses, so that a stored output stays true.
"""

from datetime import datetime
from html import escape

from ipywidgets import HTML

from lab.course.live import Live
from lab.course.progress import summary
from lab.settings import Settings, get_settings
from lab.stack.status import SYMBOLS, ServiceState, Status, read_status


def board(settings: Settings | None = None) -> "Board":
    """A board of the lab that the settings describe; without them, of the lab that this process belongs to."""
    return Board(settings or get_settings())


class Board(Live):
    """Shows the lab's state."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._table = HTML()
        super().__init__([self._table], "Read the state of services and models again")

    def refresh(self) -> None:
        """Reads the state and shows it."""
        self.status = read_status(self._settings)
        self._table.value = as_html(self.status, str(summary()))

    def __repr__(self) -> str:
        return as_text(self.status)


def as_text(status: Status) -> str:
    """The board in lines, with nothing that differs from one start to the next."""
    lines = [f"The lab in the place {status.place}"]
    lines += [f"{SYMBOLS[service.state]} {service.title}: {_words(service)}" for service in status.services]
    lines += [f"  model {model.name}: {model.size / 1e6:.0f} MB, family {model.family}" for model in status.models]
    return "\n".join(lines)


def _words(service: ServiceState) -> str:
    """The state, and what else stays the same: advice for the reader changes with ports and processes."""
    return f"{service.state} ({service.detail})" if service.state == "running" and service.detail else service.state


def as_html(status: Status, progress: str = "") -> str:
    """The board as two tables with captions and header cells; every state has a sign and a word, none is told by colour."""
    services = [[f"{SYMBOLS[s.state]} {s.state}", s.title, s.url, _clock(s.since), s.detail or "-"] for s in status.services]
    models = [[m.name, f"{m.size / 1e6:.0f} MB", "loaded" if m.loaded else "not loaded", m.family or "-"] for m in status.models]
    running = sum(service.state == "running" for service in status.services)
    return (
        f'<p role="status">{running} of {len(services)} services run, in the place {escape(status.place)}: {escape(status.reason)}.</p>'
        + _html_table("Services", ["State", "Service", "Address", "Started", "Note"], services)
        + _html_table("Models of the Ollama server", ["Model", "Size", "In memory", "Family"], models)
        + f"<p>{escape(progress)}</p>"
    )


def _clock(since: str) -> str:
    """Day and time on this machine's clock, as far as people read it."""
    return f"{datetime.fromisoformat(since).astimezone():%d %b %H:%M}" if since else "-"


def _html_table(caption: str, head: list[str], rows: list[list[str]]) -> str:
    cells = "".join(f'<th scope="col" style="text-align:left;padding:2px 12px 2px 0">{escape(text)}</th>' for text in head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows) or f'<tr><td colspan="{len(head)}">none</td></tr>'
    title = f'<caption style="text-align:left;font-weight:bold">{escape(caption)}</caption>'
    return f"<table>{title}<thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"


def _cell(text: str) -> str:
    return f'<td style="text-align:left;padding:2px 12px 2px 0;white-space:nowrap">{escape(text)}</td>'
