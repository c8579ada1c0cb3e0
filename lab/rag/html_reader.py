"""HTML pages as Markdown: headings, lists, tables and code stay; what is no part of the text is left out.

Markdown, so that one splitter cuts web pages and Markdown documents alike.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.errors import InputError
from lab.rag.text_reader import Unread, decode

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

# Programs, forms, and what stands on every page of a site. Hidden text too: nobody who reads the page sees it.
LEFT_OUT = "script, style, noscript, template, svg, iframe, form, nav, footer, aside, [role=navigation], [hidden], [aria-hidden=true]"
NO_PAGES = ("utf-8", "punycode", "idna")  # what nothing needs to be done for, and encodings of host names, slow for a page
# Exact names such as OLLAMA_HOST are searched and quoted, so nothing is escaped; links and pictures become their text.
MARKDOWN: dict[str, Any] = {
    "heading_style": "ATX",
    "bullets": "-",
    "escape_asterisks": False,
    "escape_underscores": False,
    "strip": ["a", "img"],
}


def read_html(data: bytes, name: str) -> tuple[str, str]:
    """Title and text of a page."""
    try:
        return _read(data, name)
    except RecursionError as error:
        hint = "Convert it to Markdown, or save its text as a .txt file."
        raise Unread("Its elements are nested too deeply.", hint) from error


def _read(data: bytes, name: str) -> tuple[str, str]:
    from bs4 import BeautifulSoup
    from markdownify import MarkdownConverter

    soup = BeautifulSoup(decode(data, name, _declared(data)), "lxml")
    title = _title(soup, name)
    for element in soup.select(LEFT_OUT):
        element.extract()
    main = soup.select_one("main, [role=main]") or soup.body
    text = str(MarkdownConverter(**MARKDOWN).convert_soup(main)).strip() if main else ""
    if not text:
        hint = "A page that scripts draw has no text in its file: save it from the browser once it is shown, or copy its text."
        raise InputError("It has no text besides scripts and navigation.", hint)
    return title, text + "\n"


def _declared(data: bytes) -> str:
    """The encoding that the page names in its head, if this Python knows it."""
    import codecs

    from bs4.dammit import EncodingDetector

    named = EncodingDetector.find_declared_encoding(data, is_html=True) or ""
    try:
        known = codecs.lookup(named).name
    except (LookupError, ValueError):
        return ""
    return known if known not in NO_PAGES else ""


def _title(soup: "BeautifulSoup", name: str) -> str:
    found = (element.get_text(" ", strip=True) for element in (soup.h1, soup.title) if element)
    return next((title for title in found if title), Path(name).stem)
