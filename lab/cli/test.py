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
# Each kind is a list of commands of this virtual environment, run from the project's folder.
KINDS: dict[str, list[tuple[str, ...]]] = {
    "lint": [
        ("ruff", "check", "-q", "."),
        ("ruff", "format", "-q", "--check", "."),
        ("mypy", "--no-error-summary"),
        ("lint-imports",),
    ],
    "unit": [(*PYTEST, "tests/unit")],
    "integration": [(*PYTEST, "tests/integration")],
    "docker": [(*PYTEST, "tests/docker")],
    "notebooks": [(*PYTEST, "tests/notebooks")],
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

    def add(self, returncode: int, report: Path) -> None:
        """Count one command: its tests where it wrote a report, else the command itself."""
        failed = 0
        if report.exists():
            for case in ElementTree.parse(report).getroot().iter("testcase"):
                bad = case.find("failure") is not None or case.find("error") is not None
                skip = case.find("skipped")
                failed += bad
                if skip is not None:
                    self.skipped.append(f"{case.get('name')}: {skip.get('message')}")
                elif not bad:
                    self.passed += 1
        elif returncode == 0:
            self.passed += 1
        # a run that ends badly without a failed test (nothing collected, a gate) counts as one failure
        self.failed += failed or int(returncode != 0)


def run_kind(kind: str) -> Result:
    """Run all commands of a kind, their output straight to the terminal."""
    result, started = Result(kind), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for number, command in enumerate(KINDS[kind]):
            report = Path(folder) / f"{number}.xml"
            extra = (f"--junitxml={report}",) if command[0] == "pytest" else ()
            err.print(f"{kind}: {' '.join(command)}", style="bold", highlight=False)
            done = subprocess.run([Path(sys.executable).with_name(command[0]), *command[1:], *extra], cwd=ROOT)
            result.add(done.returncode, report)
    result.seconds = time.monotonic() - started
    return result


def table(results: list[Result]) -> Table:
    """One row for each kind."""
    grid = Table("kind", *(("passed", "failed", "skipped", "seconds")), title="lab test")
    for column in grid.columns[1:]:
        column.justify = "right"
    for result in results:
        grid.add_row(result.kind, str(result.passed), str(result.failed), str(len(result.skipped)), f"{result.seconds:.0f}")
    return grid


def command(
    kinds: Annotated[list[str] | None, typer.Argument(help=f"Which kinds to run: {', '.join(KINDS)}. All of them by default.")] = None,
) -> None:
    """Test the lab and its notebooks. Example: lab test unit notebooks."""
    chosen = kinds or list(KINDS)
    if unknown := [kind for kind in chosen if kind not in KINDS]:
        raise InputError(f"There is no kind of test called {', '.join(unknown)}.", f"Choose from: {', '.join(KINDS)}.")
    results = [run_kind(kind) for kind in chosen]
    out.print(table(results))
    for result in results:
        for reason in result.skipped:
            out.print(f"SKIPPED {result.kind}: {reason}", style="yellow", highlight=False, markup=False)
    counts = [sum(result.passed for result in results), sum(result.failed for result in results), sum(len(r.skipped) for r in results)]
    print("{} passed, {} failed, {} skipped".format(*counts), flush=True)
    raise typer.Exit(int(counts[1] > 0))
