"""Markdown and plain text from bytes: UTF-8, or UTF-16 with its byte order mark. Nothing is guessed."""

import codecs
import re
from pathlib import Path

from lab.errors import InputError

UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Unread(InputError):
    """The file may still hold what was indexed before: what the index has of it stays."""


def read_text(data: bytes, name: str) -> tuple[str, str]:
    """Title and text of plain text; its title is the file's name."""
    return Path(name).stem, decode(data, name)


def read_markdown(data: bytes, name: str) -> tuple[str, str]:
    """Title and text of Markdown; its title is the first main heading."""
    text = decode(data, name)
    heading = re.search(r"^ {0,3}#\s+(.+?)\s*#*\s*$", text, re.MULTILINE)
    return heading.group(1) if heading else Path(name).stem, text


def decode(data: bytes, name: str, encoding: str = "") -> str:
    """Text of bytes with equal line ends. `encoding` is what the document itself names; without it, UTF-8."""
    encoding = "utf-16" if data.startswith(UTF16) else encoding or "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-16" and b"\0" in data:
            raise _binary() from error
        said = "UTF-8" if encoding == "utf-8-sig" else encoding.upper()
        hint = f"Save it as UTF-8: iconv -f ENCODING -t UTF-8 {name}, where ENCODING is what it has, for example LATIN1 or SHIFT_JIS."
        raise Unread(f"It is not {said} (byte {error.start + 1} is 0x{data[error.start]:02x}).", hint) from error
    if "\0" in text:
        raise _binary()
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _binary() -> Unread:
    return Unread("It is a binary file, not text.", "Remove it, or convert it to Markdown.")
