"""Keeps the index in step with the handbook, and costs next to nothing when nothing changed."""

import hashlib

from lab.settings import Settings
from lab.stack.progress import View
from lab.stack.web import get_json

COLLECTION = "/api/v2/tenants/default_tenant/databases/default_database/collections/"


def digest(settings: Settings) -> str:
    """Changes when a document or a setting that decides about the index changes. Reads names, sizes and times, not the content."""
    parts = [settings.embed_model, settings.collection, settings.chunk_size, settings.chunk_overlap, settings.corpus]
    for path in sorted(settings.corpus.rglob("*")):
        if path.is_file():
            state = path.stat()
            parts.append((path.relative_to(settings.corpus).as_posix(), state.st_size, state.st_mtime_ns))
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def is_indexed(settings: Settings, known: str) -> bool:
    """True when the index was made from the corpus as it is now, and is still there."""
    return known == digest(settings) and get_json(settings.chroma_url + COLLECTION + settings.collection, 2.0) is not None


def ingest(settings: Settings, view: View) -> str:
    """Reads the documents into the index; returns the digest to remember. Interrupted or failed, it continues at the next call."""
    view.show("documents", "reading")
    from lab.rag.pipeline import Rag  # LangChain takes seconds to import

    current = digest(settings)  # before reading: a change during it must be seen next time
    report = Rag.open(settings).ingest(settings.corpus, lambda done, total, document: view.show("documents", "reading", done / total))
    view.show("documents", "ready")
    for problem in report.problems:
        view.show(problem.document, f"left out: {problem.what} {problem.hint}")
    return current
