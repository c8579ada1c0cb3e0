"""lab status: what runs."""

from typing import TYPE_CHECKING, Annotated

import typer

from lab.cli.console import out, print_json
from lab.settings import get_settings

if TYPE_CHECKING:
    from lab.stack.status import Status


def command(as_json: Annotated[bool, typer.Option("--json", help="One JSON object for scripts.")] = False) -> None:
    """Show the place, the services and the models. Exit code 0 when all services run, else 1.

    Example: lab status --json
    """
    from lab.stack.status import read_status

    status = read_status(get_settings())
    if as_json:
        print_json(status.to_dict())
    else:
        _print(status)
    raise typer.Exit(0 if status.healthy else 1)


def _print(status: "Status") -> None:
    from lab.stack.status import SYMBOLS

    lines = [f"Place: {status.place} ({status.reason})"]
    width = max(len(service.title) for service in status.services)
    for service in status.services:
        since = f"since {service.since}" if service.since else ""
        lines.append(f"{SYMBOLS[service.state]} {service.title:<{width}} {service.state:<10} {service.url:<24} {since}".rstrip())
        if service.detail:
            lines.append(f"    {service.detail}")
    lines += [f"model {model.name}: {model.size / 1e6:.0f} MB, {'loaded' if model.loaded else 'not loaded'}" for model in status.models]
    out.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
