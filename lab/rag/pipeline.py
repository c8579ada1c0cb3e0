"""Documents in, grounded answers out: the stages put together.

rag = Rag.open()
rag.ingest("corpus")
rag.ask("Are my models deleted when I remove the container?")
"""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import numpy as np

from lab.errors import InputError
from lab.rag.answer import Answer, IngestReport, State
from lab.rag.catalogue import Catalogue
from lab.rag.chat_model import Helper
from lab.rag.connections import load_libraries
from lab.rag.conversation import Conversation
from lab.rag.documents import Handed, Loaded, from_texts, scan
from lab.rag.embed import Embedder
from lab.rag.generate import Draft, Generator
from lab.rag.ground import Evidence, cite, holds
from lab.rag.index import Index, Progress
from lab.rag.lock import only_writer
from lab.rag.question import asked
from lab.rag.retrieve import Hit
from lab.rag.search import Filter, Found, Search
from lab.rag.store import Store
from lab.rag.timings import Clock
from lab.rag.trace import Trace
from lab.rag.window import passages
from lab.settings import Settings, get_settings

REFUSAL = "Not in these documents."


class Rag:
    """One collection with its models. Connects at first use, so it can be opened while a service is still starting."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.embedder = Embedder(settings)
        self.store = Store(settings, self.embedder)
        self.helper = Helper(settings)
        self.retriever = Search(settings, self.embedder, self.store, self.helper)
        self.generator = Generator(settings)

    @classmethod
    def open(cls, settings: Settings | None = None) -> "Rag":
        """A pipeline with these settings, or with those of this process."""
        settings = settings or get_settings()
        if settings.vector_store != "memory":
            load_libraries()
        return cls(settings)

    @property
    def documents(self) -> Catalogue:
        """What is in the collection, document by document."""
        return Catalogue(self.store)

    def ingest(self, folder: str | Path | None = None, on_progress: Progress | None = None, rebuild: bool = False) -> IngestReport:
        """Bring the collection into agreement with a folder or one file; without a name, with the handbook.

        `on_progress(done, total, document)` is called after each batch, counting chunks. `rebuild` deletes the collection first.
        Two at once are no harm: the second waits.
        """
        started = time.perf_counter()
        loaded = scan(Path(folder).expanduser() if folder else self.settings.corpus, self.settings.max_document_mb)
        loaded.require_something()
        report = self._take(loaded, on_progress or (lambda done, total, document: None), rebuild)
        report.seconds = round(time.perf_counter() - started, 3)
        return report

    def ingest_text(self, text: str, source: str = "") -> IngestReport:
        """Bring one text into the collection; it replaces what came from the same source. The same text twice changes nothing."""
        report = self.ingest_texts([Handed(text, source)])
        for problem in report.problems:
            raise InputError(problem.what, problem.hint)
        return report

    def ingest_texts(self, texts: Iterable[Handed]) -> IngestReport:
        """Bring several texts into the collection; each that cannot be used becomes a problem, and the others are stored."""
        loaded = from_texts(texts, self.settings.max_document_mb)
        return self._take(loaded) if loaded.documents else IngestReport(problems=loaded.problems)

    def _take(self, loaded: Loaded, show: Progress = lambda done, total, document: None, rebuild: bool = False) -> IngestReport:
        self.embedder.digest()  # a missing model is told before anything is written
        with only_writer(self.settings, lambda: show(0, 1, "waiting for another ingest")):
            if rebuild:
                self.store.drop()
            return Index(self.store, self.embedder).sync(loaded, show)

    def search(self, question: str, k: int | None = None, where: Filter | None = None) -> list[Hit]:
        """The passages that fit a question, best first; `k` is TOP_K when not given.

        `where` limits them, for example to {"source": "volumes.md"}; several values of a field as a list.
        """
        if k is not None and k < 1:
            raise InputError(f"{k} passages cannot be searched for.", "Give k a number of at least 1, or leave it out.")
        return self._search(asked(question), k or self.settings.top_k, Clock(), where).hits

    def ask(self, question: str, where: Filter | None = None, k: int | None = None) -> Answer:
        """Answer a question from the documents, or from those that `where` lets through; `k` passages instead of TOP_K."""
        *_, answer = self.steps(question, where, k)
        return cast(Answer, answer)

    def stream(self, question: str, where: Filter | None = None, k: int | None = None) -> Iterator[str | Answer]:
        """The model's words as they come, and last the Answer. The words are a draft: only the Answer was checked."""
        yield from (step for step in self.steps(question, where, k) if not isinstance(step, Found))

    def steps(
        self, question: str, where: Filter | None = None, k: int | None = None, clock: Clock | None = None
    ) -> Iterator[Found | str | Answer]:
        """What was found, the model's words as they come, and last the Answer. A `clock` of the caller's tells where time went."""
        question, clock = asked(question), clock or Clock()
        found = self._search(question, k or self.settings.top_k, clock, where)
        yield found
        yield from self._tell(question, found, clock)

    def trace(self, question: str, where: Filter | None = None) -> Trace:
        """Ask, and show each stage: what was found with which scores, what the model was given, the answer, and the times."""
        question, clock = asked(question), Clock()
        found = self._search(question, self.settings.top_k, clock, where)
        *_, answer = self._tell(question, found, clock)
        found.trace.answer = cast(Answer, answer)
        found.trace.see(found.query.hits(found.trace.unseen()))
        return found.trace

    def evidence(self, question: str) -> Evidence:
        """What the documents say about a question, before anything is refused: thresholds are chosen from this."""
        question, clock = asked(question), Clock()
        return self._evidence(question, self._search(question, self.settings.top_k, clock), clock)

    def draft(self, evidence: Evidence) -> str:
        """The model's words about it, before anybody checked them."""
        *_, draft = self.generator.stream(evidence.question, evidence.hits)
        return cast(Draft, draft).text

    def chat(self) -> Conversation:
        """A conversation, in which a follow-up question may refer to what was said before."""
        return Conversation(self)

    def _search(self, question: str, k: int, clock: Clock, where: Filter | None = None) -> Found:
        return self.retriever.run(question, k, where, clock)

    def _tell(self, question: str, found: Found, clock: Clock) -> Iterator[str | Answer]:
        evidence = self._covering(question, found, clock)
        if not evidence:
            yield _refused(question, found, clock)
            return
        draft, found.trace.model = Draft(), self.settings.chat_model
        with clock.stage("generate"):
            for piece in self.generator.stream(question, found.hits):
                if isinstance(piece, Draft):
                    draft = piece
                else:
                    yield piece
        yield self._checked(question, found, evidence, draft, clock)

    def _covering(self, question: str, found: Found, clock: Clock) -> Evidence | None:
        """What the documents say about it; None when that is no answer."""
        with clock.stage("ground"):
            evidence = self._evidence(question, found, clock)
            return evidence if evidence.covered() else None

    def _evidence(self, question: str, found: Found, clock: Clock) -> Evidence:
        """The sentences that may answer the question: of all that the model reads."""

        def embed(texts: list[str]) -> np.ndarray:
            with clock.stage("embed"):
                return self.embedder.remembered(texts)

        return Evidence(embed, found.lexicon, question, found.vector, passages(found.hits), self.embedder.model)

    def _checked(self, question: str, found: Found, evidence: Evidence, draft: Draft, clock: Clock) -> Answer:
        """The draft where the sources support it, else their own sentences."""
        found.trace.prompt, found.trace.prompt_tokens = draft.prompt, draft.prompt_tokens
        found.trace.written_tokens = draft.written_tokens
        with clock.stage("ground"):
            statements = evidence.check(draft.text)
            found.trace.supported = [source is not None for _, source, _ in statements]
            state: State = "grounded" if holds(statements) else "quoted"
            if state == "quoted":
                statements = [(source.text, source, 1.0) for source in evidence.quote()]
            if not statements:  # passages of code only: no sentence that could be quoted
                return _refused(question, found, clock)
            told, citations = cite(statements, evidence.hits)
        text = " ".join(sentence.text for sentence in told)
        notes = [*found.notes, draft.unread, draft.unfinished if state == "grounded" else ""]
        return Answer(question, text, state, told, citations, clock.read(), [note for note in notes if note])


def _refused(question: str, found: Found, clock: Clock) -> Answer:
    nearest = [f"The nearest passage is in {hit.source}, {hit.headed}." for hit in found.hits[:1]]
    return Answer(question, REFUSAL, "refused", timings=clock.read(), notes=[*nearest, *found.notes])
