"""lab key: a key for the RAG API."""

from typing import Annotated

import typer

from lab.cli.console import err, print_json
from lab.errors import InputError


def command(
    name: Annotated[str, typer.Argument(help="Whose key it is: seen in logs, and the unit of rate limits.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for scripts.")] = False,
) -> None:
    """Make a key for the RAG API. It is shown once; the settings keep only its hash.

    Example: lab key alice
    """
    from lab.service.auth import NAME, digest, new_key

    if not NAME.fullmatch(name):
        raise InputError(f"“{name}” cannot be the name of a key.", "Use 1 to 64 English letters, digits, dots, hyphens or underscores.")
    key = new_key()
    entry = f"{name}:{digest(key)}"
    if as_json:
        print_json({"name": name, "key": key, "entry": entry})
        return
    typer.echo(key)
    err.print(
        "\nThis is shown once. Send it as `Authorization: Bearer KEY`. Add to API_KEYS in .env, comma between entries, "
        "and run `lab up`, so that the API knows it:",
        soft_wrap=True,
    )
    err.print(entry, highlight=False, markup=False, soft_wrap=True)
