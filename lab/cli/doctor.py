"""lab doctor: what is wrong with this machine."""

from dataclasses import asdict
from typing import Annotated

import typer

from lab.cli.console import out, print_json


def command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for scripts.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Also read every byte of the model packages.")] = False,
) -> None:
    """Look for what is wrong, and name the command that mends it. Exit code 0 when nothing is, else 1.

    Example: lab doctor --full
    """
    from lab.stack.doctor import examine

    findings = examine(full)
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    elif not findings:
        out.print("No problems found.")
    else:
        lines = [f"{f.symptom}\n  {f.consequence}\n  to mend: {f.command}" for f in findings]
        out.print("\n\n".join(lines), highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(1 if findings else 0)
