"""What a learner sees after check, hint and solution: text that stays the same from run to run, and the same as readable HTML."""

import html
import re
from dataclasses import dataclass
from enum import StrEnum

from lab.course.text import text


class State(StrEnum):
    """The three verdicts, from the lowest to the highest."""

    NOT_ATTEMPTED = "not attempted"
    INCORRECT = "incorrect"
    CORRECT = "correct"

    @property
    def rank(self) -> int:
        """Order of the verdicts: a better one has a higher rank."""
        return list(State).index(self)


# Mark, text colour and background. Both colours are set, so that the contrast (over 7:1) holds in dark themes too.
LOOK = {
    State.CORRECT: ("✔", "#0b4f24", "#e9f6ec"),
    State.INCORRECT: ("✘", "#7a1010", "#fdeeee"),
    State.NOT_ATTEMPTED: ("○", "#333333", "#f1f1f1"),
}
NOTE_LOOK = ("#16365c", "#eaf1fa")


def _rich(words: str) -> str:
    """Escaped text, names between backticks shown as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(words))


def _box(colour: str, background: str, inner: str) -> str:
    style = f"border-left:4px solid {colour};background:{background};color:{colour};padding:.5em .9em;margin:.2em 0"
    return f'<div role="status" style="{style}">{inner}</div>'


@dataclass(frozen=True)
class Verdict:
    """One of three states, and what is off or what to do next."""

    id: str
    state: State
    message: str = ""

    def __repr__(self) -> str:
        said = f"{LOOK[self.state][0]} {self.id}: {text(self.state.value)}"
        return f"{said}. {self.message}" if self.message else said

    def _repr_html_(self) -> str:
        mark, colour, background = LOOK[self.state]
        title = f'<b><span aria-hidden="true">{mark}</span> {html.escape(self.id)}: {html.escape(text(self.state.value))}</b>'
        return _box(colour, background, f"{title} {_rich(self.message)}".rstrip())


@dataclass(frozen=True)
class Note:
    """A hint, or a worked answer as code."""

    title: str
    body: str
    is_code: bool = False

    def __repr__(self) -> str:
        return f"{self.title}\n{self.body}" if self.is_code else f"{self.title}: {self.body}"

    def _repr_html_(self) -> str:
        # tabindex: a long line scrolls sideways, and the keyboard must reach it
        pre = '<pre tabindex="0" style="margin:.4em 0 0;color:inherit;background:transparent">'
        inner = f"{pre}{html.escape(self.body)}</pre>" if self.is_code else _rich(self.body)
        return _box(*NOTE_LOOK, f"<b>{html.escape(self.title)}</b> {inner}")
