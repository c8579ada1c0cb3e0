"""lab restore: back to what a backup holds."""

from pathlib import Path
from typing import Annotated

import typer

from lab.cli.backup import progress
from lab.cli.console import err, out, print_json
from lab.settings import get_settings


def command(
    file: Annotated[Path, typer.Argument(help="A file of `lab backup`.")],
    force: Annotated[bool, typer.Option("--force", help="Replace collections and tasks that are there.")] = False,
    only_check: Annotated[bool, typer.Option("--check", help="Compare the file with its checksums, and change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for scripts.")] = False,
) -> None:
    """Bring back what `lab backup` wrote: collections with their vectors, models that are missing, waiting tasks and results.

    The whole file is checked first, and a collection is replaced when its successor is complete. Example: lab restore backup.zip
    """
    with err.status("Loading the libraries"):
        from lab.backup.run import check, restore
    if only_check:
        contents = check(file)
    else:
        with progress("Checking") as show:
            contents = restore(get_settings(), file, show, force)
    if as_json:
        print_json(contents.to_dict())
    else:
        out.print(str(contents), highlight=False, markup=False, soft_wrap=True)
