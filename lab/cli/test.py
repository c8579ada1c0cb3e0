"""lab test: style, types, import order, then the tests by kind, fastest first."""

import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from lab.cli.console import err, out
from lab.errors import InputError
from lab.settings import ROOT

PYTEST = ("pytest", "-q")
TWO = (*PYTEST, "-n", "2", "--dist")  # two processes at once, each with a lab of its own; tests of containers share one engine
# Each kind is a list of commands of this virtual environment, run from the project's folder.
KINDS: dict[str, list[tuple[str, ...]]] = {
    "lint": [
        ("ruff", "check", "-q", "."),
        ("ruff", "format", "-q", "--check", "."),
        ("mypy", "--no-error-summary"),
        ("lint-imports",),
    ],
    "unit": [(*TWO, "loadfile", "tests/unit")],
    "integration": [(*TWO, "loadfile", "tests/integration")],
    "docker": [(*PYTEST, "tests/docker")],
    "notebooks": [(*TWO, "loadscope", "tests/notebooks")],
    "browser": [(*PYTEST, "tests/browser")],
}


@dataclass
class Result:
    """What one kind of test came to."""

    kind: str
    passed: int = 0
    failed: int = 0
    seconds: float = 0.0
    skipped: list[str] = field(default_factory=list)
    flaky: list[str] = field(default_factory=list)  # failed first, passed when run again

    def add(self, returncode: int, report: Path) -> list[str]:
        """Count one command: its tests where it wrote a report, else the command itself. Returns the tests that failed."""
        failed = []
        if report.exists():
            for case in ElementTree.parse(report).getroot().iter("testcase"):
                skip = case.find("skipped")
                if case.find("failure") is not None or case.find("error") is not None:
                    name = f"{case.get('file')}::{case.get('name')}"
                    failed += [name] if name not in failed else []  # one that fails, and again when it clears up, is there twice
                elif skip is not None:
                    self.skipped.append(f"{case.get('name')}: {skip.get('message')}")
                else:
                    self.passed += 1
        elif returncode == 0:
            self.passed += 1
        # a run that ends badly without a failed test (nothing collected, a gate) counts as one failure
        self.failed += len(failed) or int(returncode != 0)
        return failed

    def forgive(self, second: "Result", tests: list[str]) -> None:
        """Take the second run of failed tests as their outcome, and name those that passed only then."""
        if second.passed == len(tests):
            self.flaky += tests
            self.passed += len(tests)
            self.failed -= len(tests)


def run_kind(kind: str, again: bool = False) -> Result:
    """Run all commands of a kind, their output straight to the terminal; `again`: failed tests get a second run."""
    result, started = Result(kind), time.monotonic()
    for command in KINDS[kind]:
        tests = _run(result, command)
        if again and tests:
            second = Result(kind)
            _run(second, (*PYTEST, *tests))
            result.forgive(second, tests)
    result.seconds = time.monotonic() - started
    return result


def _run(result: Result, command: tuple[str, ...]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        # xunit1 names each test's file, by which it can be run again
        extra = (f"--junitxml={report}", "-o", "junit_family=xunit1") if command[0] == "pytest" else ()
        err.print(f"{result.kind}: {' '.join(command)}", style="bold", highlight=False)
        done = subprocess.run([Path(sys.executable).with_name(command[0]), *command[1:], *extra], cwd=ROOT)
        return result.add(done.returncode, report)


def table(results: list[Result]) -> Table:
    """One row for each kind."""
    grid = Table("kind", *(("passed", "failed", "skipped", "flaky", "seconds")), title="lab test")
    for column in grid.columns[1:]:
        column.justify = "right"
    for result in results:
        grid.add_row(
            result.kind, str(result.passed), str(result.failed), str(len(result.skipped)), str(len(result.flaky)), f"{result.seconds:.0f}"
        )
    return grid


def command(
    kinds: Annotated[list[str] | None, typer.Argument(help=f"Which kinds to run: {', '.join(KINDS)}. All of them by default.")] = None,
    again: Annotated[
        bool, typer.Option("--again", envvar="LAB_TEST_AGAIN", help="Run failed tests once more; what passes then counts as flaky.")
    ] = False,
) -> None:
    """Test the lab and its notebooks. Example: lab test unit notebooks."""
    chosen = kinds or list(KINDS)
    if unknown := [kind for kind in chosen if kind not in KINDS]:
        raise InputError(f"There is no kind of test called {', '.join(unknown)}.", f"Choose from: {', '.join(KINDS)}.")
    results = [run_kind(kind, again) for kind in chosen]
    out.print(table(results))
    for result in results:
        for reason in result.skipped:
            out.print(f"SKIPPED {result.kind}: {reason}", style="yellow", highlight=False, markup=False)
        for name in result.flaky:
            out.print(f"FLAKY {name}: failed, then passed when run again", style="yellow", highlight=False, markup=False)
    counts = [sum(result.passed for result in results), sum(result.failed for result in results), sum(len(r.skipped) for r in results)]
    print("{} passed, {} failed, {} skipped".format(*counts), flush=True)
    raise typer.Exit(int(counts[1] > 0))
