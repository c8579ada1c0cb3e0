"""Chunks from documents: first at Markdown headings, then by size, at paragraph and sentence ends where possible.

Sizes are characters. A chunk's text begins with its headings, so that a search finds "Volumes > Backup" by either word;
the headings are not counted in the size.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from langchain_core.documents import Document
from langchain_text_splitters import RecursiveCharacterTextSplitter

from lab.rag.documents import MARKDOWN

# Japanese has no blanks between words: without its own full stops and commas it would be cut in mid-word.
SEPARATORS = ["\n\n", "\n", "。", "！", "？", ". ", "! ", "? ", "、", " ", ""]
VERSION = "1"  # counts changes of the splitting itself: another number makes the next ingest split again
LONGEST = 160  # characters of headings before a chunk's text
HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
CODE = re.compile(r"^ {0,3}(```+|~~~+)[^\n]*\n.*?^ {0,3}\1[`~]*[ \t]*$", re.MULTILINE | re.DOTALL)
# Stand-ins for blanks and line ends inside a code block that must not be cut; Unicode keeps these two for such uses.
HIDE, SHOW = str.maketrans({"\n": "\ufdd0", " ": "\ufdd1"}), str.maketrans({"\ufdd0": "\n", "\ufdd1": " "})


def split(document: Document, size: int, overlap: int) -> list[Document]:
    """Chunks of one document, in order. Their metadata: folder, source, title, section, position."""
    pieces = ((section, piece) for section, text in _sections(document) for piece in cut(text, size, overlap))
    return number([chunk(document.metadata, section, piece) for section, piece in pieces])


def chunk(about: dict[str, str], section: str, text: str) -> Document:
    """One chunk: the text that is embedded, stored and shown to the model is one and the same."""
    metadata = {name: about[name] for name in ("folder", "source", "title")}
    return Document(page_content=_headings(section or about["title"]) + text, metadata={**metadata, "section": section})


def body(chunk: Document) -> str:
    """A chunk's text without the headings before it."""
    return chunk.page_content.removeprefix(_headings(chunk.metadata["section"] or chunk.metadata["title"]))


def _headings(path: str) -> str:
    """Headings as a chunk begins with them; beyond LONGEST their end, so that the chunk's own text is what is embedded."""
    return f"{path if len(path) <= LONGEST else '…' + path[-LONGEST:]}\n\n"


def number(chunks: list[Document]) -> list[Document]:
    """Give chunks their position and an id made from their content: the same content has the same id in every run."""
    seen: Counter[tuple[str, ...]] = Counter()
    for position, one in enumerate(chunks):
        content = (*(one.metadata[name] for name in ("folder", "source", "section")), one.page_content)
        seen[content] += 1
        one.metadata["position"] = position
        one.id = hashlib.sha256("\0".join((*content, str(seen[content]))).encode()).hexdigest()
    return chunks


def cut(text: str, size: int, overlap: int) -> list[str]:
    """Cut a text into pieces of at most `size` characters. A code block that fits stays whole."""
    if "\ufdd0" in text or "\ufdd1" in text:
        return _splitter(size, overlap).split_text(text)
    hidden = CODE.sub(lambda code: code[0].translate(HIDE) if len(code[0]) <= size else code[0], text)
    return [piece.translate(SHOW) for piece in _splitter(size, overlap).split_text(hidden)]


@lru_cache(maxsize=8)
def _splitter(size: int, overlap: int) -> RecursiveCharacterTextSplitter:
    return RecursiveCharacterTextSplitter(separators=SEPARATORS, keep_separator="end", chunk_size=size, chunk_overlap=overlap)


def _sections(document: Document) -> Iterator[tuple[str, str]]:
    """Headings as a path, and the text below them. A heading without text and without headings below it is its own text."""
    if Path(document.metadata["source"]).suffix.lower() not in MARKDOWN:
        yield "", document.page_content
        return
    sections = list(_headed(document.page_content.split("\n")))
    for (path, lines), following in zip(sections, [*(path for path, _ in sections[1:]), ()], strict=True):
        text = "\n".join(lines).strip("\n")
        if text.strip():
            yield " > ".join(path), text
        elif path and following[: len(path)] != path:
            yield " > ".join(path), path[-1]


def _headed(lines: list[str]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    levels: list[tuple[int, str]] = []
    below: list[str] = []
    fence = ""
    for line in lines:
        mark = FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        heading = None if fence else HEADING.match(line)
        if not heading:
            below.append(line)
            continue
        yield tuple(name for _, name in levels), below
        levels = [(level, name) for level, name in levels if level < len(heading[1])] + [(len(heading[1]), heading[2])]
        below = []
    yield tuple(name for _, name in levels), below
