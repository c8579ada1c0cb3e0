"""lab bench: measure the lab, as ratios inside one run."""

import json
import subprocess
import sys
from typing import Annotated, Any

import typer
from rich.table import Table

from lab.cli.console import out, print_json
from lab.errors import InputError, LabError
from lab.files import write_whole
from lab.settings import ROOT, get_settings


def measure(names: list[str]) -> list[dict[str, Any]]:
    """Rows of the named measurements, run in a process of their own."""
    done = subprocess.run([sys.executable, "-m", "benchmarks", *names], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise LabError("A measurement broke off.", "Read the lines above; `lab doctor` finds what is wrong with the machine.")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _require_known(names: list[str]) -> None:
    from benchmarks.__main__ import NAMES

    if unknown := [name for name in names if name not in NAMES]:
        raise InputError(f"There is no measurement {', '.join(unknown)}.", f"Choose from: {', '.join(NAMES)}.")


def table(rows: list[dict[str, Any]]) -> Table:
    """One line for each figure, with its limit."""
    grid = Table("figure", "measured", "must be", "holds", "note", title="lab bench")
    for row in rows:
        unit = "" if row["unit"] == "ratio" else f" {row['unit']}"
        measured, limit = f"{row['ratio']:.3g}{unit}", f"{row['goal']} {row['limit']:g}{unit}"
        grid.add_row(row["name"], measured, limit, "yes" if row["holds"] else "NO", row["note"])
    return grid


def command(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Which: observe, engine, ingest, query, cache, tasks, start, scale, containers, rolling. All of them by default."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list and nothing else.")] = False,
) -> None:
    """Measure the lab; takes some minutes. Example: lab bench engine."""
    _require_known(names or [])
    rows = measure(names or [])
    write_whole(get_settings().lab_home / "bench.json", json.dumps(rows, indent=1) + "\n")
    if as_json:
        print_json(rows)
    else:
        out.print(table(rows))
    raise typer.Exit(int(not all(row["holds"] for row in rows)))
