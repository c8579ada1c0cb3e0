"""lab ingest: documents into the index."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from lab.cli.console import err, out, print_json
from lab.settings import get_settings


def command(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder or file with Markdown, text, HTML or PDF; without it, the handbook.")
    ] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Delete the whole collection first, other folders' documents too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for scripts.")] = False,
) -> None:
    """Bring the index into agreement with a folder: new, changed and deleted documents. Unchanged ones cost nothing.

    Ends with 1 when no document could be read. Example: lab ingest my-notes
    """
    with err.status("Loading the libraries"):
        from lab.rag.pipeline import Rag

        rag = Rag.open(get_settings())
    with _progress() as show:
        report = rag.ingest(folder, on_progress=show, rebuild=rebuild)
    if as_json:
        print_json(report.to_dict())
    else:
        out.print(str(report), highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(int(not report.documents))


@contextmanager
def _progress() -> Iterator[Callable[[int, int, str], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("chunks, {task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("Reading documents", total=None, rate="")

        def show(done: int, total: int, document: str) -> None:
            speed = progress.tasks[task].speed
            progress.update(task, completed=done, total=total, description=document, rate=f"{speed:.0f}/s" if speed else "")

        yield show
