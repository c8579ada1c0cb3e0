"""What a person sees while the lab starts: moving lines in a terminal, plain lines elsewhere."""

import time
from types import TracebackType
from typing import Any, Protocol

from rich.console import Console

DONE = ("ready", "running")  # the texts that end a line


class View(Protocol):
    """Receives what happens to a service, a model or the documents."""

    def show(self, subject: str, text: str, done: float | None = None) -> None:
        """`done` is the finished part, 0 to 1, where it is known."""


class Silent:
    """Shows nothing: for tests and notebooks."""

    def show(self, subject: str, text: str, done: float | None = None) -> None:
        """Nothing."""


class Plain:
    """One line for each change of state: for logs and pipes."""

    def __init__(self, console: Console):
        self.console = console
        self.last: dict[str, str] = {}
        self.since: dict[str, float] = {}

    def show(self, subject: str, text: str, done: float | None = None) -> None:
        """A line when the text changed, with the seconds it took when that ends the wait."""
        start = self.since.setdefault(subject, time.monotonic())
        if self.last.get(subject) != text:
            self.last[subject] = text
            took = f" ({time.monotonic() - start:.1f} s)" if text in DONE else ""
            self.console.print(f"{subject}: {text}{took}", highlight=False, markup=False)

    def __enter__(self) -> "Plain":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass


class Moving:
    """A line for each subject, with a turning sign, a bar where the end is known, and the elapsed time."""

    def __init__(self, console: Console):
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(finished_text="✓"), TextColumn("{task.description:<22}"), TextColumn("{task.fields[text]:<12}"))
        self.progress = Progress(*columns, BarColumn(bar_width=24), TimeElapsedColumn(), console=console)
        self.tasks: dict[str, Any] = {}

    def show(self, subject: str, text: str, done: float | None = None) -> None:
        """Moves the subject's line."""
        if subject not in self.tasks:
            self.tasks[subject] = self.progress.add_task(subject, total=None, text=text)
        done = 1 if text in DONE else done
        self.progress.update(self.tasks[subject], text=text, total=None if done is None else 1, completed=done or 0)

    def __enter__(self) -> "Moving":
        self.progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.progress.stop()


def view_for(console: Console) -> Plain | Moving:
    """The view that suits where the console writes to."""
    return Moving(console) if console.is_terminal else Plain(console)
