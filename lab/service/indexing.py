"""Documents into a collection, as the routes and the workers do it: stored, told, and counted."""

from collections import Counter
from collections.abc import Callable, Sequence

from lab.errors import InputError
from lab.observe.current import current
from lab.rag.answer import IngestReport
from lab.rag.documents import Handed
from lab.rag.pipeline import Rag
from lab.service.models import Document, Indexed


def index(rag: Rag, documents: Sequence[Document]) -> Indexed:
    """Store documents; those that cannot be used are told, the others are stored all the same."""
    report = counted(lambda: rag.ingest_texts(Handed(one.text, one.id, one.metadata) for one in documents))
    usable = {one.id for one in documents} - {problem.document for problem in report.problems}
    return Indexed.of(report, rag.documents.chunks(usable))


def counted(ingest: Callable[[], IngestReport]) -> IngestReport:
    """What the ingest reports; it is counted, however it ends."""
    metrics = current()
    try:
        with metrics.ingest():
            report = ingest()
    except InputError:  # of the only document there was
        metrics.documents.labels("problem").inc()
        raise
    for outcome in ("added", "changed", "unchanged", "removed"):
        metrics.documents.labels(outcome).inc(getattr(report, outcome))
    metrics.documents.labels("problem").inc(len(report.problems))
    metrics.chunks.inc(report.embedded + report.reused)
    return report


def delete(rag: Rag, document_id: str, folder: str) -> int:
    """Remove a document; how many chunks it had."""
    chunks = rag.documents.delete(document_id, folder)
    current().documents.labels("removed").inc()
    return chunks


def refuse_twice(documents: Sequence[Document]) -> None:
    """Raises InputError when an id comes more than once: of two documents with one id, nobody could say which should stay."""
    if twice := sorted(one for one, times in Counter(document.id for document in documents).items() if times > 1):
        raise InputError(f"These ids stand there more than once: {', '.join(one[:200] for one in twice[:10])}.")
