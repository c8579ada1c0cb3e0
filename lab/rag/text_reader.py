"""Markdown and plain text from bytes: UTF-8, or UTF-16 with its byte order mark. Nothing is guessed."""

import codecs
import re
from pathlib import Path

from lab.errors import InputError

MAIN_HEADING = re.compile(r"^ {0,3}#[^\S\n]+(.*)", re.MULTILINE)
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Unread(InputError):
    """The file may still hold what was indexed before: what the index has of it stays."""


def read_text(data: bytes, name: str) -> tuple[str, str]:
    """Title and text of plain text; its title is the file's name."""
    return Path(name).stem, decode(data, name)


def read_markdown(data: bytes, name: str) -> tuple[str, str]:
    """Title and text of Markdown; its title is the first main heading."""
    text = decode(data, name)
    names = (heading_name(rest) for rest in MAIN_HEADING.findall(text))
    return next(filter(None, names), Path(name).stem), text


def heading_name(rest: str) -> str:
    """A heading's words from what follows its first marks, without blanks and the marks at its end."""
    return rest.strip().rstrip("#").rstrip()


def decode(data: bytes, name: str, encoding: str = "") -> str:
    """Text of bytes with equal line ends. `encoding` is what the document itself names; without it, UTF-8."""
    encoding = "utf-16" if data.startswith(UTF16) else encoding or "utf-8-sig"
    try:
        text = data.decode(encoding)
        text.encode()  # fails for half a character, which UTF-7 and its like let through
    except (UnicodeError, LookupError) as error:  # LookupError: Python's name for what is no encoding of text, such as rot13
        if encoding != "utf-16" and b"\0" in data:
            raise _binary() from error
        said = "UTF-8" if encoding == "utf-8-sig" else encoding.upper()
        hint = f"Save it as UTF-8: iconv -f ENCODING -t UTF-8 {name}, where ENCODING is what it has, for example LATIN1 or SHIFT_JIS."
        raise Unread(f"It is not {said}{_where(error, data)}.", hint) from error
    if "\0" in text:
        raise _binary()
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _where(error: Exception, data: bytes) -> str:
    if isinstance(error, UnicodeDecodeError) and error.start < len(data):
        return f" (byte {error.start + 1} is 0x{data[error.start]:02x})"
    return ""


def _binary() -> Unread:
    return Unread("It is a binary file, not text.", "Remove it, or convert it to Markdown.")
