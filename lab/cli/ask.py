"""lab ask: a question to the documents."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lab.cli.console import err, out, print_json
from lab.errors import InputError
from lab.rag.question import asked
from lab.settings import get_settings
from lab.stack.index import require_index

if TYPE_CHECKING:
    from lab.rag.answer import Answer
    from lab.rag.pipeline import Rag

Where = dict[str, list[str]]
# All but tabs and line ends: documents may hold some, and a terminal would obey them.
CONTROL = dict.fromkeys({*range(32), *range(127, 160)} - {9, 10})


def command(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    where: Annotated[
        list[str] | None, typer.Option("--where", help="Only passages with FIELD=VALUE, for example source=volumes.md; may be repeated.")
    ] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Show the model's draft while it is written.")] = False,
    trace: Annotated[bool, typer.Option("--trace", help="Show each stage: what was found, with scores, the prompt, the times.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for scripts.")] = False,
) -> None:
    """Answer a question from the indexed documents, with citations.

    Example: lab ask "Are my models deleted when I remove the container?"
    """
    question, wanted = asked(question), _wanted(where or [])
    require_index(get_settings())
    if trace:
        _trace(question, wanted, as_json)
        return
    answer = _ask(question, wanted, stream)
    if as_json:
        print_json(answer.to_dict())
    else:
        _print(f"{answer}\n{answer.timings['total'] / 1000:.1f} s")


def _wanted(where: list[str]) -> Where:
    wanted: Where = {}
    for one in where:
        field, sign, value = one.partition("=")
        if not sign:
            raise InputError(f"--where {one} is no FIELD=VALUE.", "Write for example: --where source=volumes.md")
        wanted.setdefault(field, []).append(value)
    return wanted


def _trace(question: str, where: Where, as_json: bool) -> None:
    with err.status("Loading the libraries") as status:
        rag = _open()
        status.update("Searching and answering")
        trace = rag.trace(question, where)
    if as_json:
        answer: Any = trace.answer
        print_json({**answer.to_dict(), "trace": trace.to_dict()})
    else:
        _print(str(trace))


def _ask(question: str, where: Where, stream: bool) -> "Answer":
    """The draft goes to standard error: only the checked answer is a result."""
    with err.status("Loading the libraries") as status:
        rag = _open()
        status.update("Searching and answering")
        if not stream:
            return rag.ask(question, where)
        pieces = rag.stream(question, where)
        piece = next(pieces)
    if isinstance(piece, str):
        err.print("draft: ", end="", style="dim")
    while isinstance(piece, str):
        err.print(piece.translate(CONTROL), end="", style="dim", highlight=False, markup=False, soft_wrap=True)
        piece = next(pieces)
    err.print()
    return piece


def _open() -> "Rag":
    from lab.rag.pipeline import Rag

    return Rag.open(get_settings())


def _print(text: str) -> None:
    out.print(text.translate(CONTROL), highlight=False, markup=False, soft_wrap=True)
