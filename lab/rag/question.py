"""What can be asked, and what is said when there is nothing to search: known before any library is loaded."""

from typing import Any

from lab.errors import InputError, MissingError
from lab.settings import Settings

LONGEST = 2000  # characters of a question


def asked(question: Any) -> str:
    """The question, when it can be asked."""
    if not isinstance(question, str):
        raise InputError(f"A question is text, and this is {type(question).__name__}.", 'Write it in quotes: rag.ask("Which port?")')
    text: str = question.strip()
    if not text:
        raise InputError("The question is empty.", 'Ask something, for example: lab ask "Which port does Chroma use?"')
    if len(text) > LONGEST:
        raise InputError(f"The question has {len(text)} characters; the limit is {LONGEST}.", "Ask it in fewer words.")
    return text


def nothing_indexed(settings: Settings) -> MissingError:
    """The collection is missing or empty."""
    hint = "Index the handbook: lab ingest"
    if settings.vector_store == "memory":
        hint = "VECTOR_STORE=memory forgets when a process ends: ingest in the same process, or set VECTOR_STORE=chroma."
    return MissingError(f"Nothing is indexed yet in the collection {settings.collection}.", hint)
