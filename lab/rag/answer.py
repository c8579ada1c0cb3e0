"""What people get back: an answer with its sources, and the report of an ingest."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

State = Literal["grounded", "quoted", "refused"]
# The states in words: what a person reads beside an answer.
STATES: dict[State, str] = {
    "grounded": "grounded: the sources support it",
    "quoted": "quoted: the sources' own sentences",
    "refused": "refused: no passage answers it",
}


@dataclass(frozen=True)
class Sentence:
    """One sentence of an answer. `citation` counts from 1; None says that no source supports it."""

    text: str
    citation: int | None
    support: float  # 0 (nothing like it in the sources) to 1 (stands there)


@dataclass(frozen=True)
class Citation:
    """A passage that the answer rests on."""

    number: int
    document: str
    section: str
    text: str


@dataclass
class Answer:
    """An answer to one question. `timings` are milliseconds: embed, search, generate, ground, total."""

    question: str
    answer: str
    state: State
    sentences: list[Sentence] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for `--json`."""
        return asdict(self)

    def __str__(self) -> str:
        sources = [f"[{c.number}] {place(c)}" for c in self.citations]
        return "\n".join([marked(self), f"({STATES[self.state]})", *sources, *(f"note: {note}" for note in self.notes)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from lab.rag.html import answer_html

        return answer_html(self)


def place(citation: Citation) -> str:
    """Where a passage stands: document and section."""
    return f"{citation.document}, {citation.section}" if citation.section else citation.document


def marked(answer: Answer) -> str:
    """The answer's text with [1] after each supported sentence and words after each that is not."""
    if not answer.sentences:
        return answer.answer
    return " ".join(f"{s.text} {f'[{s.citation}]' if s.citation else '(not supported by the sources)'}" for s in answer.sentences)


@dataclass(frozen=True)
class Problem:
    """A document that could not be used: which, why, and what to do."""

    document: str
    what: str
    hint: str


@dataclass
class IngestReport:
    """What an ingest did. `added`, `changed`, `removed` and `unchanged` count documents; `embedded` and `reused` count chunks."""

    documents: int = 0
    chunks: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    embedded: int = 0
    reused: int = 0
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for `--json`."""
        return asdict(self)

    def __str__(self) -> str:
        counts = f"{self.added} added, {self.changed} changed, {self.removed} removed, {self.unchanged} unchanged"
        lines = [
            f"{self.documents} documents in {self.chunks} chunks: {counts}",
            f"{self.embedded} chunks embedded, {self.reused} vectors used again, {self.seconds:.2f} s",
        ]
        lines += [f"problem: {p.document}: {p.what} {p.hint}" for p in self.problems]
        return "\n".join(lines + [f"note: {note}" for note in self.notes])

    __repr__ = __str__
