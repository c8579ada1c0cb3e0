"""Documents from a folder or a file: Markdown and text, each with its source, title and fingerprint."""

import hashlib
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from langchain_core.documents import Document

from lab.errors import InputError
from lab.rag.answer import Problem
from lab.settings import ROOT

MARKDOWN = {".md", ".markdown"}
SUFFIXES = MARKDOWN | {".txt"}


@dataclass
class Loaded:
    """What a folder holds: usable documents, problems, and the sources that exist but cannot be read now."""

    folder: str
    documents: list[Document] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    whole: bool = True  # False: one file was named, so other documents of the folder are not this ingest's business


def load(path: Path, max_mb: float) -> Loaded:
    """Load every document under `path`, or the one file it names. One bad document does not stop the others."""
    root = path if path.is_dir() else path.parent
    loaded = Loaded(_label(root), whole=path.is_dir())
    first_with: dict[str, str] = {}
    for file in _files(path):
        source = file.relative_to(root).as_posix()
        try:
            _refuse_odd_name(source)
            document = _document(file, source, max_mb)
            document.metadata["folder"] = loaded.folder
            _refuse_twin(document, first_with)
            loaded.documents.append(document)
        except _Unread as error:
            loaded.unread.add(source)
            loaded.problems.append(Problem(_printable(source), error.what, error.hint))
        except InputError as error:
            loaded.problems.append(Problem(_printable(source), error.what, error.hint))
    return loaded


class _Unread(InputError):
    """The file may still hold what was indexed before: what the index has of it stays."""


def _label(root: Path) -> str:
    """The folder's name in the index: relative inside the project, so that the project can be moved."""
    root = root.resolve()
    return root.relative_to(ROOT).as_posix() if root.is_relative_to(ROOT) else root.as_posix()


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        if path.suffix.lower() not in SUFFIXES:
            raise InputError(
                f"{path.name} is not Markdown or text.", f"Name a file that ends in {', '.join(sorted(SUFFIXES))}, or a folder."
            )
        yield path
        return
    if not path.is_dir():
        raise InputError(f"There is no folder or file {path}.", "Check the path, or leave it out to ingest the handbook: lab ingest")
    for file in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
        if file.suffix.lower() in SUFFIXES and not hidden and not file.is_dir():
            yield file


def _document(file: Path, source: str, max_mb: float) -> Document:
    text = _text(file, max_mb)
    if not text.strip():
        raise InputError("It is empty.", "Write something in it, or delete it.")
    title = _title(text, file)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return Document(page_content=text, metadata={"source": source, "title": title, "sha256": sha256})


def _text(file: Path, max_mb: float) -> str:
    data = _bytes(file, max_mb)
    if b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _Unread("It is a binary file, not text.", "Remove it, or convert it to Markdown.")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        hint = f"Save it as UTF-8: iconv -f ENCODING -t UTF-8 {file.name}, where ENCODING is what it has, for example LATIN1 or SHIFT_JIS."
        raise _Unread(f"It is not UTF-8 (byte {error.start + 1} is 0x{data[error.start]:02x}).", hint) from error


def _bytes(file: Path, max_mb: float) -> bytes:
    try:
        about = file.stat()
        if not stat.S_ISREG(about.st_mode):
            raise _Unread("It is not a regular file.", "Remove it, or put a text file in its place.")
        if about.st_size > max_mb * 1e6:
            hint = "Split it into smaller documents, or raise MAX_DOCUMENT_MB."
            raise _Unread(f"It has {about.st_size / 1e6:.1f} MB; the limit is {max_mb:g} MB.", hint)
        return file.read_bytes()
    except OSError as error:
        raise _Unread(f"It cannot be read ({error.strerror}).", "Check that it exists and that you may read it: ls -l") from error


def _refuse_odd_name(source: str) -> None:
    if _printable(source) != source:
        raise InputError("Its name is not UTF-8.", "Rename it.")


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def _title(text: str, file: Path) -> str:
    heading = re.search(r"^ {0,3}#\s+(.+?)\s*#*\s*$", text, re.MULTILINE) if file.suffix.lower() in MARKDOWN else None
    return heading.group(1) if heading else file.stem


def _refuse_twin(document: Document, first_with: dict[str, str]) -> None:
    source, sha256 = document.metadata["source"], document.metadata["sha256"]
    twin = first_with.setdefault(sha256, source)
    if twin != source:
        raise InputError(
            f"It is an exact copy of {twin}, which is indexed already.", "Delete one of the two, or leave it: nothing is lost."
        )
