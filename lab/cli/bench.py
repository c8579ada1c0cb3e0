"""lab bench: measure the lab, as ratios inside one run."""

import json
import subprocess
import sys
from typing import Annotated, Any

import typer
from rich.table import Table

from lab.cli.console import out, print_json
from lab.errors import LabError
from lab.settings import ROOT, get_settings


def measure(names: list[str]) -> list[dict[str, Any]]:
    """Rows of the named measurements, run in a process of their own."""
    done = subprocess.run([sys.executable, "-m", "benchmarks", *names], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise LabError("A measurement broke off.", "Read the lines above; `lab doctor` finds what is wrong with the machine.")
    return [json.loads(line) for line in done.stdout.splitlines()]


def table(rows: list[dict[str, Any]]) -> Table:
    """One line for each figure, with its limit."""
    grid = Table("figure", "measured", "must be", "holds", "note", title="lab bench")
    for row in rows:
        unit = "" if row["unit"] == "ratio" else f" {row['unit']}"
        measured, limit = f"{row['ratio']:.3g}{unit}", f"{row['goal']} {row['limit']:g}{unit}"
        grid.add_row(row["name"], measured, limit, "yes" if row["holds"] else "NO", row["note"])
    return grid


def command(
    names: Annotated[list[str] | None, typer.Argument(help="Which: engine, ingest, query, start. All of them by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list and nothing else.")] = False,
) -> None:
    """Measure the lab; takes some minutes. Example: lab bench engine."""
    rows = measure(names or [])
    kept = get_settings().lab_home / "bench.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    temporary = kept.with_suffix(".tmp")
    temporary.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    temporary.replace(kept)
    if as_json:
        print_json(rows)
    else:
        out.print(table(rows))
    raise typer.Exit(int(not all(row["holds"] for row in rows)))
