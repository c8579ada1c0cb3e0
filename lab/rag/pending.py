"""A document on its way into the index: its chunks, the vectors they have already, and those that are still to come."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from langchain_core.documents import Document

from lab.rag.embedding_models import script
from lab.rag.split import body, chunk, cut, number

Vector = Any  # a row of numbers: numpy keeps it in an eighth of the memory of a list


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
    """A document whose chunks are embedded and then stored."""

    source: str
    version: str
    chunks: list[Document]
    vectors: dict[str, Vector] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)  # texts without a vector, in order
    cuts: int = 0  # chunks that were cut further, because the model does not read them whole
    given_up: bool = False
    kept: set[str] = field(default_factory=set)  # ids of chunks that were given to be stored as they are now

    def expect(self) -> list[str]:
        """The texts that need a vector, each once."""
        texts = [text for text in dict.fromkeys(c.page_content for c in self.chunks) if text not in self.vectors]
        self.missing = dict.fromkeys(texts)
        return texts

    def put(self, text: str, vector: Vector) -> None:
        """The vector of one of its texts."""
        self.vectors[text] = vector
        self.missing.pop(text, None)

    def cut(self, text: str) -> list[str]:
        """Replace a chunk that the model cannot read whole by smaller ones. The texts they add; [] when it cannot be cut."""
        chunks: list[Document] = []
        for old in self.chunks:
            pieces = cut(body(old), max(len(body(old)) // 2, 1), 0) if old.page_content == text else None
            if pieces == [body(old)]:  # one character is left
                return []
            chunks += [chunk(old.metadata, old.metadata["section"], piece) for piece in pieces] if pieces else [old]
        self.chunks = number(chunks)
        self.kept.clear()  # what stands beside each chunk, its position for one, may be another now
        self.cuts += 1
        self.missing.pop(text, None)
        known = {*self.vectors, *self.missing}
        new = [each for each in dict.fromkeys(c.page_content for c in self.chunks) if each not in known]
        self.missing.update(dict.fromkeys(new))
        return new

    @property
    def unkept(self) -> int:
        """Vectors that would be lost if the ingest broke off now."""
        return len(self.vectors) - len(self.kept)

    def part(self) -> "Part":
        """What can be stored of it now."""
        chunks = [c for c in self.chunks if c.page_content in self.vectors and c.id not in self.kept]
        self.kept |= {c.id or "" for c in chunks}
        whole = None if self.missing else frozenset(c.id or "" for c in self.chunks)
        return Part(self.source, [_stored(c, self) for c in chunks], {c.page_content: self.vectors[c.page_content] for c in chunks}, whole)


@dataclass(frozen=True)
class Part:
    """Chunks to be stored; `whole` names all of the document's when these are the last."""

    source: str
    chunks: list[Document]
    vectors: dict[str, Vector]
    whole: frozenset[str] | None


def _stored(chunk: Document, owner: Pending) -> Document:
    text = chunk.page_content
    kept = {"version": owner.version, "of": len(owner.chunks), "text_sha256": sha256(text), "script": script(text)}
    return Document(id=chunk.id, page_content=text, metadata={**chunk.metadata, **kept})


def sha256(text: str) -> str:
    """Fingerprint of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
