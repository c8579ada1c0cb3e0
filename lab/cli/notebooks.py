"""lab notebooks: make, check and run the notebooks."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lab.cli.console import err, out
from lab.errors import InputError, ServiceError
from lab.settings import ROOT, get_settings

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Action(StrEnum):
    """What to do with the notebooks."""

    build = "build"
    check = "check"
    run = "run"


def command(
    action: Annotated[
        Action,
        typer.Argument(
            help="build: write notebooks/ from solutions/. check: tell what is stale or breaks a rule. run: run solutions, then build."
        ),
    ],
    files: Annotated[list[Path] | None, typer.Argument(help="For run: which solutions. All of them by default.")] = None,
) -> None:
    """Make, check or run the notebooks. Example: lab notebooks run solutions/00_start_here.ipynb"""
    if files and action is not Action.run:
        raise InputError(f"lab notebooks {action} takes no files: it looks at all notebooks.", f"Run `lab notebooks {action}`.")
    if action is Action.check:
        _check()
        return
    if action is Action.run:
        _run(files or sorted((ROOT / "solutions").glob("*.ipynb")))
    _build()


def _build() -> None:
    from lab.course.generate import build

    for path in build(ROOT):
        out.print(f"wrote {path.relative_to(ROOT)}", highlight=False)


def _check() -> None:
    from lab.course.gates import all_problems
    from lab.course.generate import stale

    changed = [f"{path.relative_to(ROOT)}: is not as generated; run `lab notebooks build`" for path in stale(ROOT)]
    found = changed + all_problems(ROOT)
    for line in found:
        out.print(line, highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(int(bool(found)))


def _run(files: list[Path]) -> None:
    from rich.progress import Progress

    from lab.course.execute import run

    _need("ollama", "chroma")
    with Progress(console=err, transient=True) as progress:
        for path in files:
            run(path, on_cell=partial(_report, progress, progress.add_task(path.name, total=None)))
            out.print(f"ran {path.name}", highlight=False)


def _report(progress: "Progress", task: "TaskID", number: int, total: int) -> None:
    progress.update(task, completed=number - 1, total=total)


def _need(*names: str) -> None:
    from lab.stack.status import read_status

    away = [service.title for service in read_status(get_settings()).services if service.name in names and service.state != "running"]
    if away:
        raise ServiceError(f"The notebooks need a running lab, and {' and '.join(away)} cannot be used.", "Start it with `lab up`.")
