"""Brings a collection into agreement with a folder, embedding only what is new.

What the index holds of a document is read from its chunks: each carries its document's `version` and the number of chunks
`of` that document. A document is complete when all of them are there, so an ingest that was cut off anywhere is continued
by the next one. Order of writes: new chunks first, then the old ones are deleted; a document is never missing in between.

Three things happen at once: one thread reads and splits ahead, this one embeds, and one stores behind. The queues between
them are bounded, so memory does not grow with the folder, and the model server never waits for a file or for Chroma.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing

import numpy as np

from lab.rag.ahead import Ahead, Behind
from lab.rag.answer import IngestReport, Problem
from lab.rag.documents import Loaded
from lab.rag.embed import Embedder
from lab.rag.embed_stream import EmbedStream
from lab.rag.pending import Held, Part, Pending, sha256
from lab.rag.split import VERSION, split
from lab.rag.store import Store
from lab.rag.stores.collection import Collection

Progress = Callable[[int, int, str], None]  # chunks done, chunks in all (an estimate while documents are still read), the document at hand
KEPT = "1"  # counts changes of what is kept beside a chunk: another number makes the next ingest write it again
AHEAD = 32  # documents that are read and split before the model needs them
BEHIND = 4  # batches that wait for being stored


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
        plan = Plan(self, collection, held, vector_ids, report)
        self._run(plan, loaded, on_progress or (lambda done, total, source: None))
        gone = set(held) - plan.seen - loaded.unread if loaded.whole else set()
        if gone and not collection.about.get("writing"):
            self.store.begin(collection)
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

    def _run(self, plan: "Plan", loaded: Loaded, progress: Progress) -> None:
        """Read and split ahead, embed, store behind."""

        def store(parts: list[Part]) -> None:
            self._replace(plan.collection, parts, plan.held)

        stream = EmbedStream(self.embedder, plan.report)
        ahead, behind = Ahead(plan.documents(loaded), AHEAD), Behind(store, BEHIND)
        with ahead, behind, closing(stream.run(self._begin(iter(ahead), plan.collection))) as batches:
            for ready in batches:
                behind.give([one.part() for one in ready if not one.given_up])
                plan.finished += [(one.source, one.given_up, len(one.chunks)) for one in ready if one.given_up or not one.missing]
                if stream.done:
                    progress(stream.done, max(plan.chunks(), stream.done), stream.source)
        plan.settle()

    def _begin(self, documents: Iterator[Pending], collection: Collection) -> Iterator[Pending]:
        for number, one in enumerate(documents):
            if number == 0:
                self.store.begin(collection)
            yield one

    def _replace(self, collection: Collection, parts: list[Part], held: dict[str, Held]) -> None:
        """Store chunks; of documents that are whole now, delete what they replace."""
        vectors = {text: vector for part in parts for text, vector in part.vectors.items()}
        collection.add([chunk for part in parts for chunk in part.chunks], vectors)
        collection.delete(
            one for part in parts if part.whole is not None and part.source in held for one in held[part.source].ids - part.whole
        )


class Plan:
    """What has to be done for each document, made while they are read."""

    def __init__(self, index: Index, collection: Collection, held: dict[str, Held], vector_ids: dict[str, str], report: IngestReport):
        self.index = index
        self.settings = index.settings
        self.collection = collection
        self.held = held
        self.vector_ids = vector_ids
        self.report = report
        self.seen: set[str] = set()  # sources that were read
        self.wanted = 0  # chunks that need a vector, of the documents that were read
        self.finished: list[tuple[str, bool, int]] = []  # source, given up, chunks
        self.share: Callable[[], float] = lambda: 1.0

    def chunks(self) -> int:
        """Chunks that need a vector, in all documents: counted as far as they are read, and supposed to go on like this."""
        return round(self.wanted / (self.share() or 1))

    def documents(self, loaded: Loaded) -> Iterator[Pending]:
        """The documents that are new, changed or incomplete, with the vectors that are there already."""
        self.share = loaded.share
        for document in loaded.documents:
            source, version = document.metadata["source"], self._version(document.metadata["sha256"])
            self.seen.add(source)
            self.report.documents += 1
            held = self.held.get(source)  # a defaultdict: reading it by [] would add the source
            if held and held.complete(version):
                self.report.unchanged += 1
                self.report.chunks += held.of
                continue
            own = self.settings
            chunks = split(document, own.chunk_size, own.chunk_overlap, own.splitter, own.embed_model)
            if not chunks:
                self.report.problems.append(Problem(source, "It holds no text below its headings.", "Write something in it, or delete it."))
                continue
            self.report.changed += held is not None
            self.report.added += held is None
            yield self._reuse(Pending(source, version, chunks))

    def _version(self, content: str) -> str:
        """Changes with the document and with the settings it is split by."""
        own = self.settings
        return sha256("\0".join(map(str, (content, VERSION, KEPT, own.splitter, own.chunk_size, own.chunk_overlap))))

    def _reuse(self, one: Pending) -> Pending:
        """Fetch vectors that the collection has already: of unchanged chunks of a changed document, and of equal texts."""
        texts = {sha256(c.page_content): c.page_content for c in one.chunks}
        wanted = {self.vector_ids[sha]: text for sha, text in texts.items() if sha in self.vector_ids}
        if wanted:
            for record in self.collection.records("embedding", ids=list(wanted)):
                one.vectors[wanted[record["id"]]] = np.asarray(record["embedding"], dtype=np.float32)
            self.report.reused += sum(c.page_content in one.vectors for c in one.chunks)
        self.wanted += len(one.expect())
        return one

    def settle(self) -> None:
        """Count what was stored; a document that could not be embedded is none of those that were planned."""
        for source, given_up, chunks in self.finished:
            self.report.chunks += 0 if given_up else chunks
            self.report.documents -= given_up
            self.report.changed -= given_up and source in self.held
            self.report.added -= given_up and source not in self.held
