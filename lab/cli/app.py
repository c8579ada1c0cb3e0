"""Puts the commands together, and turns a LabError into two readable sentences and exit code 1."""

import sys
from importlib import import_module
from typing import Annotated

import typer

from lab.cli.console import err
from lab.errors import LabError

# One file per command in this folder; each has a function `command` whose docstring is its help.
COMMANDS = (
    "up",
    "down",
    "status",
    "logs",
    "doctor",
    "ingest",
    "ask",
    "tasks",
    "key",
    "notebooks",
    "test",
    "bench",
    "eval",
    "backup",
    "restore",
)

app = typer.Typer(
    name="lab",
    help="Run the lab: services, documents, questions, notebooks and tests.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def options(
    context: typer.Context, debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False
) -> None:
    """Run the lab: services, documents, questions, notebooks and tests."""
    context.ensure_object(dict)["debug"] = debug


for name in COMMANDS:
    app.command(name)(import_module(f"lab.cli.{name}").command)


def main() -> None:
    """Entry point of the `lab` command."""
    chosen: dict[str, bool] = {}
    try:
        app(obj=chosen)
    except LabError as error:
        if chosen.get("debug"):
            raise
        err.print(f"error: {error.what}", style="bold", highlight=False, markup=False, soft_wrap=True)
        if error.hint:
            err.print(f"\nhint: {error.hint}", highlight=False, markup=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
