"""lab logs: what the services wrote."""

from contextlib import suppress
from typing import Annotated

import typer

from lab.cli.console import out
from lab.settings import get_settings


def command(
    service: Annotated[str | None, typer.Argument(help="ollama, chroma or jupyter; without it all.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="Lines of each service to begin with.")] = 50,
) -> None:
    """Show the last lines of a service's log.

    Example: lab logs chroma -n 20
    """
    from lab.stack import logs

    files = logs.log_files(get_settings(), service)
    with suppress(KeyboardInterrupt):
        for name, line in logs.last_lines(files, lines):
            _print(name, line, service)
        for name, line in logs.follow(files) if follow else ():
            _print(name, line, service)


def _print(name: str, line: str, only: str | None) -> None:
    out.print(line if only else f"{name}: {line}", highlight=False, markup=False, soft_wrap=True)
