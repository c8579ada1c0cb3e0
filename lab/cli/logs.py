"""lab logs: what the services wrote."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Annotated

import typer

from lab.cli.console import out
from lab.errors import InputError
from lab.settings import get_settings

SEARCHED = 20_000  # lines of each service that are looked through for one request
TOKEN = re.compile(r"(token=)[^\s&\"'<>]+")


def command(
    service: Annotated[str | None, typer.Argument(help="For example ollama, chroma or jupyter; without it all.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="Lines of each service to begin with.")] = 50,
    request: Annotated[str, typer.Option(metavar="ID", help="What all services wrote about one request: its X-Request-ID.")] = "",
) -> None:
    """Show the last lines of a service's log.

    Example: lab logs chroma -n 20
    """
    shown = _of_request(request, service) if request else _lines(service, lines, follow)
    with suppress(KeyboardInterrupt):
        for name, line in shown:
            _print(name, line, service)


def _lines(service: str | None, count: int, on: bool) -> Iterator[tuple[str, str]]:
    """Pairs of service and line: from the containers in the place compose, else from the files of the processes."""
    from lab.stack.place import in_containers

    settings = get_settings()
    if in_containers(settings, None):  # also one that `docker compose up` alone has started
        from lab.stack import compose_logs

        parts = compose_logs.named(settings, service)
        return chain(compose_logs.newest(parts, count), compose_logs.follow(parts) if on else ())
    from lab.stack import logs

    files = logs.log_files(settings, service)
    return chain(logs.last_lines(files, count), logs.follow(files) if on else ())


def _of_request(known_id: str, service: str | None) -> Iterable[tuple[str, str]]:
    from lab.observe.joined import of_request

    found = of_request(_lines(service, SEARCHED, on=False), known_id)
    if not found:
        raise InputError(f"No line of the logs holds {known_id}.", "An answer of the API carries its id in the header X-Request-ID.")
    return found


def _print(name: str, line: str, only: str | None) -> None:
    line = TOKEN.sub(r"\1…", line)  # logs get shown to others; `lab up` prints the address
    out.print(line if only else f"{name}: {line}", highlight=False, markup=False, soft_wrap=True)
