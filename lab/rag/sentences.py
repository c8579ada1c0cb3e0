"""Sentences of English and Japanese text in Markdown: what can be quoted, and what can be checked on its own."""

import re
from collections.abc import Iterator

FENCE = re.compile(r"^\s*(```|~~~)")
SKIPPED = re.compile(r"^\s*(#{1,6}\s|\|?[\s:|-]+\|?$|[-*_]{3,}\s*$|<!--)")  # headings, table rules, lines, comments
ITEM = re.compile(r"^\s*(?:[-*+]|\d{1,3}[.)])\s+|^\s*>\s?")
# A full stop followed by a blank ends a sentence, unless one of these stands before it.
ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|dr|mr|mrs|incl|resp)|\b[A-Z])\.$", re.IGNORECASE)
LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)")
# Japanese needs no blank after a full stop; half-width marks end a sentence there as well, when Japanese goes on after them.
END = re.compile(r"(?<=[。！？．｡])[」』）]*|(?<=[.!?])[\"'”’)\]*_]*(?=\s)|(?<=[ぁ-ヿ一-鿿][.!?])(?=[ぁ-ヿ一-鿿「『])")
OPENED, CLOSED = "「『（", "」』）"
GOES_ON = re.compile(r"[とはがをにのもでやへなだか]")  # after a quotation: the sentence around it continues


def sentences(text: str) -> list[str]:
    """Sentences of a text in order. Headings, code blocks and table rules are left out; a link becomes its text."""
    return [sentence for block in _blocks(text) for sentence in _of_block(LINK.sub(r"\1", block))]


def is_question(sentence: str) -> bool:
    """True for a question: it answers nothing."""
    return sentence.rstrip("\"'”’)*_ ").endswith(("?", "？"))


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs and list items as one line each."""
    lines: list[str] = []
    in_code = False
    for line in [*text.split("\n"), ""]:
        fence = FENCE.match(line)
        in_code ^= bool(fence)
        starts = bool(ITEM.match(line))
        if lines and (not line.strip() or fence or starts or SKIPPED.match(line)):
            yield _join(lines)
            lines = []
        if line.strip() and not in_code and not fence and not SKIPPED.match(line):
            lines.append(ITEM.sub("", line).strip())


def _join(lines: list[str]) -> str:
    """Lines of one paragraph; no blank where a Japanese line is continued."""
    text = lines[0]
    for line in lines[1:]:
        text += ("" if ord(text[-1]) > 0x2E7F else " ") + line
    return text


def _of_block(block: str) -> Iterator[str]:
    start = 0
    for end in END.finditer(block):
        sentence = block[start : end.end()].strip()
        if not sentence or _inside(block, start, end.end()) or ABBREVIATION.search(sentence):
            continue
        if _in_quotation(block, start, end.end()):
            continue
        yield sentence
        start = end.end()
    if rest := block[start:].strip():
        yield rest


def _inside(block: str, start: int, end: int) -> bool:
    """True where an odd number of backticks came before: a full stop in `code` ends nothing."""
    return block.count("`", start, end) % 2 == 1


def _in_quotation(block: str, start: int, end: int) -> bool:
    """True where a Japanese quotation is still open and closes later, or has closed and its sentence goes on."""
    said = block[start:end]
    opened = sum(map(said.count, OPENED)) - sum(map(said.count, CLOSED))
    if opened > 0:
        return any(mark in block[end:] for mark in CLOSED)
    return said[-1] in CLOSED and GOES_ON.match(block, end) is not None
