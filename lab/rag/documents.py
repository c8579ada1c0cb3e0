"""Documents from a folder or a file: Markdown, text, HTML and PDF, each with its source, title and fingerprint."""

import hashlib
import json
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from langchain_core.documents import Document

from lab.errors import InputError
from lab.rag.answer import Problem
from lab.rag.html_reader import read_html
from lab.rag.own import Value, kept
from lab.rag.pdf_reader import empty_pages, read_pdf
from lab.rag.text_reader import Unread, read_markdown, read_text
from lab.settings import folder_label

Reader = Callable[[bytes, str], tuple[str, str]]  # bytes and file name to title and text
READERS: dict[str, Reader] = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".txt": read_text,
    ".html": read_html,
    ".htm": read_html,
    ".pdf": read_pdf,
}
KINDS = "Markdown, text, HTML or PDF"
HANDED_OVER = "(texts)"  # stands for the folder of texts that come from no file; a folder's name cannot be mistaken for it
LONGEST_SOURCE = 200  # characters
QUESTIONS = "questions.jsonl"  # lies beside the documents and asks about them: `lab eval` reads it


@dataclass
class Loaded:
    """What a folder holds: usable documents, problems, and the sources that exist but cannot be read now."""

    folder: str
    documents: Iterable[Document] = ()
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    whole: bool = True  # False: one file was named, so other documents of the folder are not this ingest's business
    files: list[Path] = field(default_factory=list)
    read: int = 0  # of these files

    def share(self) -> float:
        """How much of it is read, from 0 to 1."""
        return self.read / len(self.files) if self.files else 1.0

    def require_something(self) -> None:
        """Raises InputError when there is nothing to read at all."""
        if not self.files:
            what = " ".join([f"There are no documents of {KINDS} in {self.folder}.", *self.notes])
            raise InputError(what, "Name a folder that has some: lab ingest FOLDER")


@dataclass(frozen=True)
class Handed:
    """A text that somebody hands over, and what they say about it."""

    text: str
    source: str = ""
    about: Mapping[str, Value] = field(default_factory=dict)


def load(path: Path, max_mb: float) -> Loaded:
    """Load every document under `path`, or the one file it names. One bad document does not stop the others."""
    loaded = scan(path, max_mb)
    loaded.documents = list(loaded.documents)
    return loaded


def scan(path: Path, max_mb: float) -> Loaded:
    """As `load`, but each file is read when its document is asked for, once: memory does not grow with the folder.

    Problems, notes and what is unread are complete after the last document.
    """
    root = path if path.is_dir() else path.parent
    loaded = Loaded(folder_label(root), whole=path.is_dir())
    left_out: Counter[str] = Counter()
    for file in _files(path):
        if file.suffix.lower() in READERS:
            loaded.files.append(file)
        elif file.name != QUESTIONS:
            left_out[_printable(file.suffix.lower()) or "no ending"] += 1
    if left_out:
        loaded.notes.append(_left_out(left_out))
    loaded.documents = _read(loaded, root, max_mb)
    return loaded


def _read(loaded: Loaded, root: Path, max_mb: float) -> Iterator[Document]:
    first_with: dict[str, str] = {}
    for file in loaded.files:
        document = _usable(loaded, file, file.relative_to(root).as_posix(), max_mb, first_with)
        loaded.read += 1
        if document:
            yield document


def from_texts(handed: Iterable[Handed], max_mb: float) -> Loaded:
    """Texts, each as Markdown when its source ends in .md. Without a source a text gets one that follows from its content.

    One that is blank or too long, or whose source or fields cannot be kept, becomes a problem.
    """
    documents: list[Document] = []
    loaded = Loaded(HANDED_OVER, documents, whole=False)
    for one in handed:
        try:
            documents.append(_of_text(one.text, one.source, one.about, max_mb))
        except InputError as error:
            loaded.problems.append(Problem(one.source, error.what, error.hint))
    return loaded


def _of_text(text: str, source: str, about: Mapping[str, Value], max_mb: float) -> Document:
    size = len(text.encode())
    if not text.strip():
        raise InputError("The text is empty.", "Send one with words in it.")
    if size > max_mb * 1e6:
        raise InputError(f"The text has {size / 1e6:.1f} MB; the limit is {max_mb:g} MB.", "Split it, or raise MAX_DOCUMENT_MB.")
    brought = kept(about)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    source = source.strip() or f"text-{sha256[:12]}.md"
    if len(source) > LONGEST_SOURCE or not source.isprintable():
        raise InputError(f"A source is one line of at most {LONGEST_SOURCE} characters.", "Give a short name, like notes/volumes.md.")
    title, content = read_markdown(text.encode(), source)
    if brought:  # other fields make another version of the document
        sha256 = hashlib.sha256(json.dumps([text, brought], sort_keys=True).encode()).hexdigest()
    metadata = {"source": source, "title": title, "sha256": sha256, "folder": HANDED_OVER, **brought}
    return Document(page_content=content, metadata=metadata)


def _usable(loaded: Loaded, file: Path, source: str, max_mb: float, first_with: dict[str, str]) -> Document | None:
    try:
        _refuse_odd_name(source)
        document = _document(file, source, max_mb)
        document.metadata["folder"] = loaded.folder
        _refuse_twin(document, first_with)
        loaded.notes += _unreadable_pages(document)
        return document
    except InputError as error:
        loaded.problems.append(Problem(_printable(source), error.what, error.hint))
        if isinstance(error, Unread):
            loaded.unread.add(source)
        return None


def _unreadable_pages(document: Document) -> list[str]:
    if not document.metadata["source"].lower().endswith(".pdf") or not (pages := empty_pages(document.page_content)):
        return []
    listed = ", ".join(map(str, pages[:10])) + (", …" if len(pages) > 10 else "")
    return [f"{document.metadata['source']}: no text on {len(pages)} of its pages ({listed}): pictures, or empty."]


def _left_out(kinds: Counter[str]) -> str:
    files = f"{kinds.total()} files" if kinds.total() > 1 else "1 file"
    return f"{files} left out, not {KINDS}: {', '.join(f'{count} × {kind}' for kind, count in sorted(kinds.items()))}."


def _files(path: Path) -> Iterator[Path]:
    """The named file, or every file of the folder that is not hidden, in one order."""
    if path.is_file():
        if path.suffix.lower() not in READERS:
            raise InputError(f"{path.name} is not {KINDS}.", f"Name a file that ends in {', '.join(sorted(READERS))}, or a folder.")
        yield path
        return
    if not path.is_dir():
        raise InputError(f"There is no folder or file {path}.", "Check the path, or leave it out to ingest the handbook: lab ingest")
    for file in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
        if not hidden and not file.is_dir():
            yield file


def _document(file: Path, source: str, max_mb: float) -> Document:
    data = _bytes(file, max_mb)
    title, text = READERS[file.suffix.lower()](data, file.name) if data.strip() else ("", "")
    if not text.strip():
        raise InputError("It is empty.", "Write something in it, or delete it.")
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return Document(page_content=text, metadata={"source": source, "title": title, "sha256": sha256})


def _bytes(file: Path, max_mb: float) -> bytes:
    try:
        about = file.stat()
        if not stat.S_ISREG(about.st_mode):
            raise Unread("It is not a regular file.", "Remove it, or put a document in its place.")
        if about.st_size > max_mb * 1e6:
            hint = "Split it into smaller documents, or raise MAX_DOCUMENT_MB."
            raise Unread(f"It has {about.st_size / 1e6:.1f} MB; the limit is {max_mb:g} MB.", hint)
        return file.read_bytes()
    except OSError as error:
        raise Unread(f"It cannot be read ({error.strerror}).", "Check that it exists and that you may read it: ls -l") from error


def _refuse_odd_name(source: str) -> None:
    if _printable(source) != source:
        raise InputError("Its name is not UTF-8.", "Rename it.")


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def _refuse_twin(document: Document, first_with: dict[str, str]) -> None:
    source, sha256 = document.metadata["source"], document.metadata["sha256"]
    twin = first_with.setdefault(sha256, source)
    if twin != source:
        raise InputError(
            f"It is an exact copy of {twin}, which is indexed already.", "Delete one of the two, or leave it: nothing is lost."
        )
