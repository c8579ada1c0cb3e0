"""lab eval: how good are retrieval and answers?"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lab.cli.console import err, out, print_json
from lab.errors import InputError
from lab.settings import Settings, get_settings

if TYPE_CHECKING:
    from lab.evaluate.gate import Change


def command(
    half: Annotated[Literal["test", "calibration", "all"], typer.Option(help="Which half of the questions.")] = "test",
    language: Annotated[Literal["en", "ja"] | None, typer.Option(help="Questions of one language only.")] = None,
    mode: Annotated[
        Literal["dense", "keyword", "hybrid"] | None, typer.Option(help="Search in this mode only; without it, all three are measured.")
    ] = None,
    retrieval_only: Annotated[bool, typer.Option("--retrieval-only", help="Leave out the answers, which take most of the time.")] = False,
    compare: Annotated[
        list[str] | None, typer.Option(help="A stored run to compare with: file, name or `last`. Given twice: compare those two.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="A stored run that this one must not fall behind: exit code 1 when a figure lost, and no chance did.")
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(help="A model that gives each shown answer points from 1 to 5, beside the exact facts. Takes seconds each."),
    ] = None,
    calibrate: Annotated[bool, typer.Option("--calibrate", help="Find the thresholds of grounding on the calibration half.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Write a picture of the figures: .png, .svg or .pdf.")] = None,
    questions: Annotated[Path | None, typer.Option(help="Other questions than those of the handbook.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for scripts.")] = False,
) -> None:
    """Measure retrieval and answers over questions with known answers. Each run is stored under LAB_HOME/evaluations.

    Example: lab eval --language ja --compare last
    In CI: lab eval --retrieval-only --against baseline.json
    """
    with err.status("Loading the libraries"):
        from lab.evaluate import runs
        from lab.evaluate.compare import compare as side_by_side
        from lab.evaluate.gate import gate
        from lab.evaluate.plot import save_plot
        from lab.evaluate.report import compared, gated, tables

    settings = get_settings()
    if mode:
        settings = settings.model_copy(update={"retrieval_mode": mode})
    if calibrate:
        given: dict[str, Any] = {"--language": language, "--retrieval-only": retrieval_only, "--judge": judge}
        given |= {"--compare": compare, "--against": against, "--plot": plot}
        _refuse(given)
        _calibrate(settings, questions, as_json)
        return
    if judge and retrieval_only:
        raise InputError("--judge rates answers, and --retrieval-only leaves them out.", "Leave one of them out: lab eval --judge MODEL")
    before = [runs.load(name, settings) for name in compare or []]
    baseline = runs.load(against, settings) if against else None  # first, so that a wrong name costs no run
    baseline_name = baseline["name"] if baseline and against == "last" else against  # the new run will be the last one
    run = before.pop() if len(before) > 1 else _measured(settings, half, language, mode, retrieval_only, questions, judge or "")
    difference = side_by_side(before[0], run) if before else None
    changes = gate(baseline, run) if baseline else []
    if plot:
        save_plot(run, plot)
    if as_json:
        print_json({"run": run, "comparison": difference, "gate": [asdict(one) for one in changes]})
    else:
        for table in [
            *tables(run),
            *(compared(difference) if difference else []),
            *([gated(changes, baseline_name)] if baseline_name else []),
        ]:
            out.print(table)
    _stop_at_a_loss(changes, baseline_name)


def _stop_at_a_loss(changes: "list[Change]", name: str | None) -> None:
    """Exit code 1, and in words what got worse."""
    from lab.evaluate.gate import losses

    if lost := losses(changes):
        for one in lost:
            err.print(f"lost: {one}", highlight=False, markup=False, soft_wrap=True)
        err.print(
            f"hint: See which questions changed: lab eval --compare {name} --compare last", highlight=False, markup=False, soft_wrap=True
        )
        raise typer.Exit(1)


def _measured(
    settings: Settings, half: str, language: str | None, mode: str | None, retrieval_only: bool, questions: Path | None, judge: str
) -> dict[str, Any]:
    """A new run, stored."""
    from lab.evaluate import runs
    from lab.evaluate.measure import evaluate, questions_file
    from lab.evaluate.questions import choose, load
    from lab.evaluate.run import MODES

    chosen = choose(load(questions or questions_file(settings)), half, language or "")
    with _said_once(), _progress() as show:
        run = evaluate(settings, chosen, show, [mode] if mode else MODES, answers=not retrieval_only, judge=judge)
    file = runs.save(run, settings)
    err.print(f"stored: {file}", highlight=False, markup=False, soft_wrap=True)
    return {**run, "name": file.stem}


@contextmanager
def _said_once() -> Iterator[None]:
    """Warnings as sentences for people, without the line of code they come from."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("once", UserWarning)
        yield
    for one in caught:
        err.print(f"warning: {one.message}", highlight=False, markup=False, soft_wrap=True)


def _refuse(options: dict[str, Any]) -> None:
    """Thresholds are chosen on a whole half, and stored nowhere."""
    if given := [name for name, value in options.items() if value]:
        what = f"--calibrate does not go together with {', '.join(given)}."
        raise InputError(what, "Leave one of them out: lab eval --calibrate")


def _calibrate(settings: Settings, questions: Path | None, as_json: bool) -> None:
    from lab.evaluate.calibrate import calibrate
    from lab.evaluate.measure import questions_file
    from lab.evaluate.questions import choose, load
    from lab.evaluate.report import calibrated

    chosen = choose(load(questions or questions_file(settings)), "calibration")
    with _progress() as show:
        result = calibrate(settings, chosen, show)
    if as_json:
        print_json(result)
    else:
        for table in calibrated(result):
            out.print(table)


@contextmanager
def _progress() -> Iterator[Callable[[int, int, str], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("Reading questions", total=None)
        yield lambda done, total, what: progress.update(task, completed=done, total=total, description=what)
