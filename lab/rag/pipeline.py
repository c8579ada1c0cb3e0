"""Documents in, grounded answers out: the stages put together.

rag = Rag.open()
rag.ingest("corpus")
rag.ask("Are my models deleted when I remove the container?")
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from lab.errors import InputError
from lab.rag.answer import Answer, IngestReport, State
from lab.rag.connections import load_libraries
from lab.rag.documents import load
from lab.rag.embed import Embedder
from lab.rag.generate import Draft, Generator
from lab.rag.ground import Evidence, cite, covered, holds
from lab.rag.index import Index, Progress
from lab.rag.retrieve import Hit, Retriever
from lab.rag.store import Store
from lab.rag.timings import Clock
from lab.rag.words import Lexicon
from lab.settings import Settings, get_settings

REFUSAL = "Not in these documents."
LONGEST = 2000  # characters of a question


class Rag:
    """One collection with its models. Connects at first use, so it can be opened while a service is still starting."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.embedder = Embedder(settings)
        self.store = Store(settings, self.embedder)
        self.retriever = Retriever(self.store)
        self.generator = Generator(settings)

    @classmethod
    def open(cls, settings: Settings | None = None) -> "Rag":
        """A pipeline with these settings, or with those of this process."""
        load_libraries()
        return cls(settings or get_settings())

    def ingest(self, folder: str | Path | None = None, on_progress: Progress | None = None, rebuild: bool = False) -> IngestReport:
        """Bring the collection into agreement with a folder or one file; without a name, with the handbook.

        `on_progress(done, total, document)` is called after each batch, counting chunks. `rebuild` deletes the collection first.
        """
        started = time.perf_counter()
        loaded = load(Path(folder).expanduser() if folder else self.settings.corpus, self.settings.max_document_mb)
        loaded.require_something()
        self.embedder.digest()  # a missing model is told before anything is written
        if rebuild:
            self.store.drop()
        report = Index(self.store, self.embedder).sync(loaded, on_progress)
        report.seconds = round(time.perf_counter() - started, 3)
        return report

    def search(self, question: str, k: int | None = None) -> list[Hit]:
        """The passages nearest to a question, best first; `k` is TOP_K when not given."""
        return self._search(_asked(question), k or self.settings.top_k, Clock()).hits

    def ask(self, question: str) -> Answer:
        """Answer a question from the documents."""
        *_, answer = self.stream(question)
        return cast(Answer, answer)

    def stream(self, question: str) -> Iterator[str | Answer]:
        """The model's words as they come, and last the Answer. The words are a draft: only the Answer was checked."""
        question, clock = _asked(question), Clock()
        found = self._search(question, self.settings.top_k, clock)
        if not covered(question, found.hits):
            yield _refused(question, found.hits, clock)
            return
        draft = Draft()
        with clock.stage("generate"):
            for piece in self.generator.stream(question, found.hits):
                if isinstance(piece, Draft):
                    draft = piece
                else:
                    yield piece
        yield self._checked(question, found, draft, clock)

    def _search(self, question: str, k: int, clock: Clock) -> "_Found":
        with clock.stage("search"):
            collection = self.store.collection()
            if not collection or not collection.count():
                raise InputError(f"Nothing is indexed yet in the collection {self.settings.collection}.", "Index the handbook: lab ingest")
        with clock.stage("embed"):
            vector = self.embedder.embed_query(question)
        with clock.stage("search"):
            hits = self.retriever.search(collection, question, vector, k)
            return _Found(vector, hits, self.retriever.lexicon(collection))

    def _checked(self, question: str, found: "_Found", draft: Draft, clock: Clock) -> Answer:
        """The draft where the sources support it, else their own sentences."""

        def embed(texts: list[str]) -> np.ndarray:
            with clock.stage("embed"):
                return self.embedder.remembered(texts)

        with clock.stage("ground"):
            evidence = Evidence(embed, found.lexicon, question, found.vector, found.hits)
            statements = evidence.check(draft.text)
            state: State = "grounded" if holds(statements) else "quoted"
            if state == "quoted":
                statements = [(source.text, source, 1.0) for source in evidence.quote()]
            if not statements:  # passages of code only: no sentence that could be quoted
                return _refused(question, found.hits, clock)
            told, citations = cite(statements, found.hits)
        text = " ".join(sentence.text for sentence in told)
        notes = [draft.unread, draft.unfinished if state == "grounded" else ""]
        return Answer(question, text, state, told, citations, clock.read(), [note for note in notes if note])


@dataclass(frozen=True)
class _Found:
    """What a search gives to the later stages."""

    vector: list[float]
    hits: list[Hit]
    lexicon: Lexicon


def _asked(question: str) -> str:
    """The question, when it can be asked."""
    question = question.strip()
    if not question:
        raise InputError("The question is empty.", 'Ask something, for example: lab ask "Which port does Chroma use?"')
    if len(question) > LONGEST:
        raise InputError(f"The question has {len(question)} characters; the limit is {LONGEST}.", "Ask it in fewer words.")
    return question


def _refused(question: str, hits: list[Hit], clock: Clock) -> Answer:
    notes = [f"The nearest passage is in {hits[0].source}, {hits[0].section or hits[0].title}."]
    if not question.isascii() and sum(letter.isascii() for letter in question) < len(question) / 2:
        notes.append("The embedding model may read English only; a question in another language then does not find its passage.")
    return Answer(question, REFUSAL, "refused", timings=clock.read(), notes=notes)
