"""Chunks from documents, in one of three ways; each cuts at paragraph and sentence ends where possible.

headings    first at headings, then by characters: a chunk has one subject (what the lab does unless SPLITTER says otherwise)
characters  by characters alone, wherever the headings are: what most tutorials do
tokens      by tokens alone, and never more than the embedding model reads

A chunk's text begins with its headings, so that a search finds "Volumes > Backup" by either word; where headings are not
looked at, it begins with the document's title. Neither is counted in the size. Pages of a PDF are always kept apart.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from langchain_core.documents import Document
from langchain_text_splitters import RecursiveCharacterTextSplitter

from lab.rag.own import own_kept
from lab.rag.pdf_reader import PAGE_END
from lab.rag.text_reader import heading_name
from lab.rag.tokens import count, fits
from lab.settings import Splitter

HEADED = {".md", ".markdown", ".html", ".htm"}  # read as Markdown

# Japanese has no blanks between words: without its own full stops and commas it would be cut in mid-word.
SEPARATORS = ["\n\n", "\n", "。", "！", "？", ". ", "! ", "? ", "、", " ", ""]
VERSION = "1"  # counts changes of the splitting itself: another number makes the next ingest split again
LONGEST = 160  # characters of headings before a chunk's text
HEADING = re.compile(r"^ {0,3}(#{1,6})(?=\s)(.*)")
FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
# Stand-ins for blanks and line ends inside a code block that must not be cut; Unicode keeps these two for such uses.
HIDE, SHOW = str.maketrans({"\n": "\ufdd0", " ": "\ufdd1"}), str.maketrans({"\ufdd0": "\n", "\ufdd1": " "})


def split(document: Document, size: int, overlap: int, splitter: Splitter = "headings", model: str = "") -> list[Document]:
    """Chunks of one document, in order. Their metadata: folder, source, title, section, position, and its own fields.

    `size` and `overlap` count characters; with `tokens` they count tokens, and `model` is the embedding model that reads them.
    """
    sections = _sections(document, by_headings=splitter == "headings")
    pieces = ((section, piece) for section, text in sections for piece in _pieces(text, size, overlap, splitter, model))
    return number([chunk(document.metadata, section, piece) for section, piece in pieces])


def _pieces(text: str, size: int, overlap: int, splitter: Splitter, model: str) -> list[str]:
    if splitter != "tokens":
        return cut(text, size, overlap)
    size = min(size, fits(model))
    return cut(text, size, min(overlap, size // 2), count)


def chunk(about: dict[str, str], section: str, text: str) -> Document:
    """One chunk: the text that is embedded, stored and shown to the model is one and the same."""
    metadata = {name: about[name] for name in ("folder", "source", "title")}
    return Document(page_content=_headings(section or about["title"]) + text, metadata={**metadata, "section": section, **own_kept(about)})


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
        brought = [f"{name}={value}" for name, value in sorted(own_kept(one.metadata).items())]
        content = (*(one.metadata[name] for name in ("folder", "source", "section")), one.page_content, *brought)
        seen[content] += 1
        one.metadata["position"] = position
        one.id = hashlib.sha256("\0".join((*content, str(seen[content]))).encode()).hexdigest()
    return chunks


def cut(text: str, size: int, overlap: int, length: Callable[[str], int] = len) -> list[str]:
    """Cut a text into pieces of at most `size`, measured by `length`. A code block that fits stays whole."""
    splitter = _splitter(size, overlap, length)
    if "\ufdd0" in text or "\ufdd1" in text:
        return splitter.split_text(text)
    hidden = [part.translate(HIDE) if code and length(part) <= size else part for part, code in _code_apart(text.split("\n"))]
    return [piece.translate(SHOW) for piece in splitter.split_text("\n".join(hidden))]


def _code_apart(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """The text in parts, and whether each is a block of code. Line by line: one expression for a block is slow on odd texts."""
    ends = _ends(lines)
    at = 0
    while at < len(lines):
        mark = FENCE.match(lines[at])
        fence = mark[1][: max((len(end) for end in ends[at] if end[0] == mark[1][0]), default=0)] if mark else ""
        start, at = at, at + 1
        if fence:
            at = next(place for place in range(at, len(lines)) if _end(lines[place]).startswith(fence)) + 1
        yield "\n".join(lines[start:at]), bool(fence)


def _ends(lines: list[str]) -> list[list[str]]:
    """For each line, the longest end of a block of each kind that stands below it."""
    longest, ends = {"`": "", "~": ""}, []
    for line in reversed(lines):
        ends.append([end for end in longest.values() if end])
        end = _end(line)
        if end and len(end) > len(longest[end[0]]):
            longest[end[0]] = end
    return ends[::-1]


def _end(line: str) -> str:
    """The marks that end a block of code, if nothing else stands on the line."""
    mark = FENCE.match(line)
    return mark[1] if mark and not line[mark.end() :].rstrip(" \t").strip("`~") else ""


@lru_cache(maxsize=8)
def _splitter(size: int, overlap: int, length: Callable[[str], int]) -> RecursiveCharacterTextSplitter:
    return RecursiveCharacterTextSplitter(
        separators=SEPARATORS, keep_separator="end", chunk_size=size, chunk_overlap=overlap, length_function=length
    )


def _sections(document: Document, by_headings: bool) -> Iterator[tuple[str, str]]:
    """The parts of a document that are cut on their own, each with its path of headings, or its page."""
    suffix = Path(document.metadata["source"]).suffix.lower()
    if suffix == ".pdf":
        yield from _pages(document)
    elif by_headings and suffix in HEADED:
        yield from _below_headings(document.page_content)
    else:
        yield "", document.page_content


def _pages(document: Document) -> Iterator[tuple[str, str]]:
    for page, text in enumerate(document.page_content.split(PAGE_END), start=1):
        if text.strip():
            yield f"{document.metadata['title']} > page {page}", text


def _below_headings(text: str) -> Iterator[tuple[str, str]]:
    """Headings as a path, and the text below them. A heading without text and without headings below it is its own text."""
    sections = list(_headed(text.split("\n")))
    for (path, lines), following in zip(sections, [*(path for path, _ in sections[1:]), ()], strict=True):
        below = "\n".join(lines).strip("\n")
        if below.strip():
            yield " > ".join(path), below
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
        levels = [(level, name) for level, name in levels if level < len(heading[1])] + [(len(heading[1]), heading_name(heading[2]))]
        below = []
    yield tuple(name for _, name in levels), below
