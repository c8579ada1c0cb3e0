"""The two streams of the `lab` command: results on standard output, progress and errors on standard error."""

import json
from typing import Any

import typer
from rich.console import Console

out = Console()
err = Console(stderr=True)


def print_json(data: Any) -> None:
    """One JSON value on standard output and nothing else: what `--json` promises."""
    typer.echo(json.dumps(data, ensure_ascii=False, default=str))
