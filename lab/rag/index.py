"""Brings a collection into agreement with a folder, embedding only what is new.

What the index holds of a document is read from its chunks: each carries its document's `version` and the number of chunks
`of` that document. A document is complete when all of them are there, so an ingest that was cut off anywhere is continued
by the next one. Order of writes: new chunks first, then the old ones are deleted; a document is never missing in between.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from langchain_core.documents import Document

from lab.rag.answer import IngestReport, Problem
from lab.rag.documents import Loaded
from lab.rag.embed import BATCH, Embedder
from lab.rag.embedding_models import script
from lab.rag.split import VERSION, body, chunk, cut, number, split
from lab.rag.store import Store
from lab.rag.stores.collection import Collection

Progress = Callable[[int, int, str], None]  # chunks done, chunks in all, the document at hand
Vector = list[float]
KEPT = "1"  # counts changes of what is kept beside a chunk: another number makes the next ingest write it again


@dataclass
class Held:
    """What the collection holds of one document."""

    ids: set[str] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)
    of: int = 0

    def complete(self, version: str) -> bool:
        """True when exactly this version is there, with all its chunks."""
        return self.versions == {version} and len(self.ids) == self.of


@dataclass
class Pending:
    """A document on its way into the collection."""

    source: str
    version: str
    chunks: list[Document]
    vectors: dict[str, Vector] = field(default_factory=dict)
    unreadable: bool = False  # a chunk's headings alone are longer than the embedding model reads


class Index:
    """One collection, for writing."""

    def __init__(self, store: Store, embedder: Embedder):
        self.store = store
        self.embedder = embedder
        self.settings = store.settings

    def sync(self, loaded: Loaded, on_progress: Progress | None = None) -> IngestReport:
        """Add what is new, replace what changed, remove what is gone. Safe to interrupt and to repeat."""
        collection = self.store.make()
        held, vector_ids = self._held(collection, loaded.folder)
        report = IngestReport(problems=loaded.problems, notes=loaded.notes)
        pending = list(self._plan(loaded, held, report))
        usable = {document.metadata["source"] for document in loaded.documents} - {problem.document for problem in report.problems}
        report.documents = len(usable)
        self._reuse(collection, pending, vector_ids, report)
        gone = set(held) - usable - loaded.unread if loaded.whole else set()
        if pending or gone:
            self.store.begin(collection)
        self._write(collection, pending, held, report, on_progress or (lambda done, total, source: None))
        collection.delete(one for source in gone for one in held[source].ids)
        report.removed = len(gone)
        if collection.about.get("writing"):  # by this ingest, or by one that broke off
            self.store.stamp(collection)
        if not collection.lasting:
            report.notes.append("This index is in memory (VECTOR_STORE) and ends with this process.")
        return report

    def _held(self, collection: Collection, folder: str) -> tuple[dict[str, Held], dict[str, str]]:
        """What is there of each source, and for each embedded text an id that has its vector."""
        held: dict[str, Held] = defaultdict(Held)
        vector_ids: dict[str, str] = {}
        for record in collection.records("metadata", where={"folder": [folder]}):
            about = record["metadata"]
            one = held[about["source"]]
            one.ids.add(record["id"])
            one.versions.add(about["version"])
            one.of = about["of"]
            vector_ids[about["text_sha256"]] = record["id"]
        return held, vector_ids

    def _plan(self, loaded: Loaded, held: dict[str, Held], report: IngestReport) -> Iterator[Pending]:
        for document in loaded.documents:
            source, version = document.metadata["source"], self._version(document)
            if source in held and held[source].complete(version):
                report.unchanged += 1
                report.chunks += held[source].of
                continue
            chunks = self._split(document)
            if not chunks:
                report.problems.append(Problem(source, "It holds no text below its headings.", "Write something in it, or delete it."))
                continue
            report.changed += source in held
            report.added += source not in held
            yield Pending(source, version, chunks)

    def _split(self, document: Document) -> list[Document]:
        own = self.settings
        return split(document, own.chunk_size, own.chunk_overlap, own.splitter, own.embed_model)

    def _version(self, document: Document) -> str:
        """Changes with the document and with the settings it is split by."""
        own = self.settings
        parts = (document.metadata["sha256"], VERSION, KEPT, own.splitter, own.chunk_size, own.chunk_overlap)
        return _sha256("\0".join(map(str, parts)))

    def _reuse(self, collection: Collection, pending: list[Pending], vector_ids: dict[str, str], report: IngestReport) -> None:
        """Fetch vectors that the collection has already: of unchanged chunks of changed documents, and of equal texts."""
        wanted = {vector_ids[sha]: sha for p in pending for c in p.chunks if (sha := _sha256(c.page_content)) in vector_ids}
        found = collection.records("embedding", ids=list(wanted))
        known = {wanted[record["id"]]: [float(number) for number in record["embedding"]] for record in found}
        for one in pending:
            one.vectors = {c.page_content: known[sha] for c in one.chunks if (sha := _sha256(c.page_content)) in known}
            report.reused += sum(c.page_content in one.vectors for c in one.chunks)

    def _write(
        self, collection: Collection, pending: list[Pending], held: dict[str, Held], report: IngestReport, progress: Progress
    ) -> None:
        """Embed in batches across documents; Chroma stores the finished ones meanwhile, in a thread of its own."""
        total = sum(len({c.page_content for c in one.chunks} - set(one.vectors)) for one in pending)
        with ThreadPoolExecutor(max_workers=1) as writer:
            written: list[Future[None]] = []
            for finished in self._embed(pending, report, lambda done, source: progress(done, total, source)):
                written.append(writer.submit(self._replace, collection, finished, held))
                for future in written:
                    if future.done():
                        future.result()  # raises what the writer met, before more is embedded in vain
        for future in written:
            future.result()
        self._count(pending, held, report)

    def _count(self, pending: list[Pending], held: dict[str, Held], report: IngestReport) -> None:
        """Chunks that were stored; a document that could not be embedded is none of those that were planned."""
        for one in pending:
            if one.unreadable:
                report.documents -= 1
                report.changed -= one.source in held
                report.added -= one.source not in held
            else:
                report.chunks += len(one.chunks)

    def _embed(self, pending: list[Pending], report: IngestReport, progress: Callable[[int, str], None]) -> Iterator[list[Pending]]:
        """Yield documents as soon as all their chunks have vectors."""
        waiting: list[tuple[Pending, str]] = []
        done, ready = 0, []
        for one in pending:
            waiting += [(one, text) for text in dict.fromkeys(c.page_content for c in one.chunks) if text not in one.vectors]
            ready.append(one)
            while len(waiting) >= BATCH or (waiting and one is pending[-1]):
                self._batch(waiting[:BATCH], report)
                done += len(waiting[:BATCH])
                progress(done, waiting[0][0].source)
                waiting = waiting[BATCH:]
            unfinished = {id(owner) for owner, _ in waiting}
            if finished := [each for each in ready if id(each) not in unfinished]:
                yield [each for each in finished if not each.unreadable]
            ready = [each for each in ready if id(each) in unfinished]

    def _batch(self, batch: list[tuple[Pending, str]], report: IngestReport) -> None:
        for (owner, text), vector in zip(batch, self.embedder.batch([text for _, text in batch]), strict=True):
            if owner.unreadable:
                continue
            if vector is None:
                self._split_further(owner, text, report)
            else:
                owner.vectors[text] = vector
                report.embedded += 1

    def _split_further(self, owner: Pending, text: str, report: IngestReport) -> None:
        """Replace a chunk that the embedding model cannot read whole by smaller ones."""
        chunks: list[Document] = []
        for old in owner.chunks:
            pieces = cut(body(old), max(len(body(old)) // 2, 1), 0) if old.page_content == text else None
            if pieces == [body(old)]:  # one character is left
                self._give_up(owner, report)
                return
            chunks += [chunk(old.metadata, old.metadata["section"], piece) for piece in pieces] if pieces else [old]
        new = dict.fromkeys(c.page_content for c in chunks if c not in owner.chunks)
        report.notes.append(f"{owner.source}: a chunk was longer than {self.embedder.model} reads at once; it is cut in {len(new)}.")
        owner.chunks = number(chunks)
        self._batch([(owner, each) for each in new], report)

    def _give_up(self, owner: Pending, report: IngestReport) -> None:
        owner.unreadable = True
        report.notes[:] = [note for note in report.notes if not note.startswith(f"{owner.source}: a chunk was longer")]
        what = f"The headings above one of its texts are longer than {self.embedder.model} reads at once."
        report.problems.append(Problem(owner.source, what, "Shorten its headings or its title."))

    def _replace(self, collection: Collection, finished: list[Pending], held: dict[str, Held]) -> None:
        """Store whole documents, then delete what they replace."""
        chunks = [_stored(c, one) for one in finished for c in one.chunks]
        collection.add(chunks, {text: vector for one in finished for text, vector in one.vectors.items()})
        new = {c.id for c in chunks}
        collection.delete(one for p in finished if p.source in held for one in held[p.source].ids - new)


def _stored(chunk: Document, owner: Pending) -> Document:
    """The chunk with what is kept beside it."""
    text = chunk.page_content
    kept = {"version": owner.version, "of": len(owner.chunks), "text_sha256": _sha256(text), "script": script(text)}
    return Document(id=chunk.id, page_content=text, metadata={**chunk.metadata, **kept})


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
