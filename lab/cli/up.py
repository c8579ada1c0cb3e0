"""lab up: start the lab."""

import os
import sys
import webbrowser
from html import escape
from pathlib import Path
from typing import Annotated

import typer

from lab.cli.console import err, out
from lab.files import write_whole


def command(
    place: Annotated[str | None, typer.Option("--place", help="compose, native or embedded; without it the lab chooses.")] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile", help="production: Redis, a worker, in containers a proxy. monitoring: Prometheus, in containers Grafana."
        ),
    ] = None,
    browser: Annotated[bool, typer.Option("--open/--no-open", envvar="OPEN", help="Open JupyterLab in the browser.")] = True,
) -> None:
    """Start what is missing of the lab, and print JupyterLab's address.

    Call it as often as you like: it also brings back a service that died.

    Example: lab up --no-open
    """
    from lab.stack.lifecycle import up
    from lab.stack.place import parse_place, parse_profiles
    from lab.stack.progress import view_for

    try:
        with view_for(err) as view:
            settings, choice = up(parse_place(place), profiles=parse_profiles(profile), view=view)
    except KeyboardInterrupt:
        err.print("Interrupted. `lab up` goes on from here, `lab down` stops what still runs.", highlight=False)
        raise typer.Exit(130) from None
    address = f"{settings.jupyter_url}/?token={settings.jupyter_token}"
    out.print(f"Place: {choice.place} ({choice.reason}).", highlight=False, markup=False, soft_wrap=True)
    out.print(f"JupyterLab: {address}", highlight=False, markup=False, soft_wrap=True)
    if "monitoring" in settings.profiles:
        out.print(f"Prometheus: http://127.0.0.1:{settings.prometheus_port}/", highlight=False, soft_wrap=True)
    if "monitoring" in settings.profiles and choice.place == "compose":
        who = f"user admin, password {settings.grafana_password}"
        out.print(f"Grafana: {settings.grafana_url}/ ({who})", highlight=False, markup=False, soft_wrap=True)
    if browser and _someone_watches():
        webbrowser.open(redirect(settings.lab_home, address).as_uri())


def redirect(home: Path, address: str) -> Path:
    """A page that leads to the address, readable by its owner only: the browser's command line, which all users see, shows no token."""
    page = home / "open.html"
    target = escape(address, quote=True)
    write_whole(
        page,
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Opening JupyterLab</title>'
        f'<meta http-equiv="refresh" content="0; url={target}"><p><a href="{target}">Open JupyterLab</a></p></html>\n',
        0o600,
    )
    return page


def _someone_watches() -> bool:
    """Without a desktop, `webbrowser` would start a text browser in this terminal."""
    return sys.stdout.isatty() and (sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")))
