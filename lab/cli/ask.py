"""lab ask: a question to the documents."""

from typing import TYPE_CHECKING, Annotated

import typer

from lab.cli.console import err, out, print_json
from lab.settings import get_settings

if TYPE_CHECKING:
    from lab.rag.answer import Answer


def command(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    stream: Annotated[bool, typer.Option("--stream", help="Show the model's draft while it is written.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for scripts.")] = False,
) -> None:
    """Answer a question from the indexed documents, with citations.

    Example: lab ask "Are my models deleted when I remove the container?"
    """
    answer = _ask(question, stream)
    if as_json:
        print_json(answer.to_dict())
    else:
        _print(answer)


def _ask(question: str, stream: bool) -> "Answer":
    """The draft goes to standard error: only the checked answer is a result."""
    with err.status("Loading the libraries") as status:
        from lab.rag.answer import Answer
        from lab.rag.pipeline import Rag

        rag = Rag.open(get_settings())
        status.update("Searching and answering")
        if not stream:
            return rag.ask(question)
        pieces = rag.stream(question)
        piece = next(pieces)
    if not isinstance(piece, Answer):
        err.print("draft: ", end="", style="dim")
    while not isinstance(piece, Answer):
        err.print(piece, end="", style="dim", highlight=False, markup=False, soft_wrap=True)
        piece = next(pieces)
    err.print()
    return piece


def _print(answer: "Answer") -> None:
    out.print(f"{answer}\n{answer.timings['total'] / 1000:.1f} s", highlight=False, markup=False, soft_wrap=True)
