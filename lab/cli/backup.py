"""lab backup: what the lab's services keep, in one file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from lab.cli.console import err, out, print_json
from lab.settings import get_settings


def command(
    file: Annotated[Path, typer.Argument(help="The file to write, like backup.zip.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file when it exists.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for scripts.")] = False,
) -> None:
    """Write the index, the names of the models and, with the profile production, waiting tasks and results into one file.

    The lab keeps running. The file holds your documents' texts: only you may read it. Example: lab backup backup.zip
    """
    with err.status("Loading the libraries"):
        from lab.backup.run import back_up
    with progress("Reading") as show:
        contents = back_up(get_settings(), file, show, force)
    if as_json:
        print_json(contents.to_dict())
    else:
        out.print(str(contents), highlight=False, markup=False, soft_wrap=True)


@contextmanager
def progress(first: str) -> Iterator[Callable[[str, int, int], None]]:
    """One bar; what is shown is the name of the collection or model that is being worked on."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    with Progress(TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), console=err, transient=True) as bars:
        task = bars.add_task(first, total=None)
        yield lambda name, done, total: bars.update(task, description=name, completed=done, total=total or None)
