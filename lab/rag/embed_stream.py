"""Documents in, documents with vectors out: batches go across documents, and no batch holds a text that may be too long.

A server refuses a whole request for one text that is longer than its model reads. Texts that may be are known before, by
an estimate of their tokens, and asked for one at a time; if one is refused, it is cut and its pieces join the next batch.
"""

from collections import deque
from collections.abc import Generator, Iterator

import numpy as np

from lab.errors import ServiceError
from lab.rag.answer import IngestReport, Problem
from lab.rag.embed import BATCH, Embedder
from lab.rag.embed_many import Refused, Requests, Result
from lab.rag.pending import Pending
from lab.rag.tokens import count

SURE = 0.75  # share of what the model reads: a text that is estimated below it is not too long
HOPELESS = 8  # documents that the server refused one after the other: then it is not the documents' fault

SAVE = 128  # vectors of one document after which they are stored, although more are to come: so many are lost by a crash
Asked = tuple[Pending, str]


class EmbedStream:
    """One pass over documents."""

    def __init__(self, embedder: Embedder, report: IngestReport):
        self.embedder = embedder
        self.report = report
        self.done = 0  # texts that were asked for
        self.source = ""  # the document at hand
        self._plain: deque[Asked] = deque()
        self._long: deque[Asked] = deque()
        self._flying: deque[list[Asked]] = deque()
        self._refused = 0

    def run(self, documents: Iterator[Pending]) -> Generator[list[Pending], None, None]:
        """Yields documents when nothing of them is missing any more, those that were given up, and large ones now and then."""
        with Requests(self.embedder) as requests:
            more = True
            while more or self._plain or self._long or self._flying:
                ready: list[Pending] = []
                while requests.room and len(ready) < BATCH and (more or self._plain or self._long):
                    more = more and self._fill(documents, ready)
                    self._ask(requests)
                if requests.under_way:
                    ready += self._take(self._flying.popleft(), requests.answer())
                yield ready

    def _fill(self, documents: Iterator[Pending], ready: list[Pending]) -> bool:
        """Take documents until a batch is full. False when there are no more."""
        while len(self._plain) < BATCH and not self._long:
            one = next(documents, None)
            if one is None:
                return False
            self._add(one, list(one.missing))
            if not one.missing:
                ready.append(one)
                if len(ready) >= BATCH:
                    return True
        return True

    def _add(self, one: Pending, texts: list[str]) -> None:
        for text in texts:
            (self._plain if self._sure(text) else self._long).append((one, text))

    def _sure(self, text: str) -> bool:
        return count(text) <= SURE * self.embedder.traits.tokens

    def _ask(self, requests: Requests) -> None:
        waiting = self._long or self._plain
        most = 1 if waiting is self._long else BATCH
        batch: list[Asked] = []
        while waiting and len(batch) < most:
            one, text = waiting.popleft()
            if not one.given_up:
                batch.append((one, text))
        if batch:
            self._flying.append(batch)
            requests.ask([text for _, text in batch])

    def _take(self, batch: list[Asked], results: list[Result]) -> list[Pending]:
        """Note what came back; the documents of which something is to be stored."""
        self.done += len(batch)
        self.source = batch[-1][0].source
        touched: dict[int, Pending] = {}
        for (one, text), result in zip(batch, results, strict=True):
            if one.given_up:
                continue
            touched[id(one)] = one
            self._note(one, text, result)
        return [one for one in touched.values() if one.given_up or not one.missing or one.unkept >= SAVE]

    def _note(self, one: Pending, text: str, result: Result) -> None:
        if isinstance(result, Refused):
            self._refuse(one, result)
        elif result is None:
            self._cut(one, text)
        else:
            self._refused = 0
            one.put(text, np.asarray(result, dtype=np.float32))
            self.report.embedded += 1

    def _cut(self, one: Pending, text: str) -> None:
        """Replace a chunk that the embedding model cannot read whole by smaller ones."""
        if pieces := one.cut(text):
            note = f"{one.source}: a chunk was longer than {self.embedder.model} reads at once; it is cut in {len(pieces)}."
            self.report.notes.append(note)
            self._add(one, pieces)
        else:
            what = f"The headings above one of its texts are longer than {self.embedder.model} reads at once."
            self._give_up(one, Problem(one.source, what, "Shorten its headings or its title."))

    def _refuse(self, one: Pending, refused: Refused) -> None:
        self._refused += 1
        if self._refused >= HOPELESS:
            raise ServiceError(refused.why, "It was so for many documents. Read its log with `lab logs`; then repeat: lab ingest")
        self._give_up(one, Problem(one.source, f"One of its texts could not be embedded. {refused.why}", "Repeat: lab ingest"))

    def _give_up(self, one: Pending, problem: Problem) -> None:
        one.given_up = True
        self.report.notes[:] = [note for note in self.report.notes if not note.startswith(f"{one.source}: a chunk was longer")]
        self.report.problems.append(problem)
