"""Text of PDF documents, page by page.

A page ends with a form feed, so that a chunk can tell its page. A scan has pictures of text and is reported.
"""

import logging
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from lab.rag.text_reader import Unread

if TYPE_CHECKING:
    from pypdf import PdfReader

PAGE_END = "\f"


def read_pdf(data: bytes, name: str) -> tuple[str, str]:
    """Title and text of a PDF; its title is the one it names itself, else the file's name."""
    reader = _open(data, name)
    try:
        pages = [page.extract_text().replace(PAGE_END, "\n") for page in reader.pages]
        title = (reader.metadata.title if reader.metadata else "") or ""
    except Exception as error:  # a damaged file makes the library raise nearly anything
        raise _broken(error) from error
    if not any(page.strip() for page in pages):
        many = f"{len(pages)} pages" if len(pages) != 1 else "1 page"
        raise Unread(f"It has {many} and no text: it is a scan, or empty.", f"Add a text layer first: ocrmypdf {name} with-text.pdf")
    return title.strip() or Path(name).stem, PAGE_END.join(pages)


def empty_pages(text: str) -> list[int]:
    """Numbers of the pages without text."""
    return [number for number, page in enumerate(text.split(PAGE_END), start=1) if not page.strip()]


def _open(data: bytes, name: str) -> "PdfReader":
    from pypdf import PasswordType, PdfReader
    from pypdf.errors import DependencyError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # small faults of a file, which it repairs itself
    try:
        reader = PdfReader(BytesIO(data))
        locked = reader.is_encrypted and reader.decrypt("") is PasswordType.NOT_DECRYPTED
    except DependencyError:  # a cipher that would need another library
        locked = True
    except Exception as error:
        raise _broken(error) from error
    if locked:
        raise Unread("It is encrypted.", f"Save it without its password: qpdf --password=PASSWORD --decrypt {name} open.pdf")
    return reader


def _broken(error: Exception) -> Unread:
    why = " ".join(str(error).split())[:100] or type(error).__name__
    return Unread(f"It is a broken PDF ({why}).", "Open it in a viewer and save it again, or get it anew.")
