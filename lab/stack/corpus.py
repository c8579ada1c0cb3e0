"""Keeps the index in step with the handbook, and costs next to nothing when nothing changed."""

import hashlib

from lab.settings import Settings, folder_label
from lab.stack.progress import View
from lab.stack.web import get_json, post_json

COLLECTION = "/api/v2/tenants/default_tenant/databases/default_database/collections/"

DECIDING = ("embed_model", "vector_store", "collection", "splitter", "chunk_size", "chunk_overlap", "corpus")


def digest(settings: Settings) -> str:
    """Changes when a document or a setting that decides about the index changes. Reads names, sizes and times, not the content."""
    parts = [getattr(settings, name) for name in DECIDING]
    for path in sorted(settings.corpus.rglob("*")):
        if path.is_file():
            state = path.stat()
            parts.append((path.relative_to(settings.corpus).as_posix(), state.st_size, state.st_mtime_ns))
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def is_indexed(settings: Settings, known: str) -> bool:
    """True when the index was made from the corpus as it is now, and is still there."""
    if settings.vector_store == "memory":
        return True  # each process that asks has to ingest for itself
    return known == digest(settings) and _holds_corpus(settings)


def _holds_corpus(settings: Settings) -> bool:
    """Asks the server for one record: the collection may have been made anew from another folder."""
    if settings.vector_store != "chroma":
        return True
    collection = get_json(settings.chroma_url + COLLECTION + settings.collection, 2.0)
    if not isinstance(collection, dict) or "id" not in collection:
        return False
    one = {"where": {"folder": folder_label(settings.corpus)}, "limit": 1, "include": []}
    found = post_json(f"{settings.chroma_url}{COLLECTION}{collection['id']}/get", one, 2.0)
    return isinstance(found, dict) and bool(found.get("ids"))


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
