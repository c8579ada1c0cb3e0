"""Documents into a collection, as /index and the workers do it."""

from collections import Counter
from collections.abc import Sequence

from lab.errors import InputError
from lab.rag.documents import Handed
from lab.rag.pipeline import Rag
from lab.service.models import Document, Indexed


def index(rag: Rag, documents: Sequence[Document]) -> Indexed:
    """Store documents; those that cannot be used are told, the others are stored all the same."""
    report = rag.ingest_texts(Handed(one.text, one.id, one.metadata) for one in documents)
    usable = {one.id for one in documents} - {problem.document for problem in report.problems}
    return Indexed.of(report, rag.documents.chunks(usable))


def refuse_twice(documents: Sequence[Document]) -> None:
    """Raises InputError when an id comes more than once: of two documents with one id, nobody could say which should stay."""
    if twice := sorted(one for one, times in Counter(document.id for document in documents).items() if times > 1):
        raise InputError(f"These ids stand there more than once: {', '.join(one[:200] for one in twice[:10])}.")
