"""The id of a request: one word that every service it passes writes into its log, so that their lines can be joined."""

import re
from collections.abc import Iterable

HEADER = "X-Request-ID"
SANE = re.compile(rb"[A-Za-z0-9._-]{1,64}")  # of a caller's own choice; anything else could forge lines of a log


def sent_with(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The id among an ASGI request's headers; empty when none was sent, or none that a log can hold."""
    name = HEADER.lower().encode()
    return next((value.decode() for key, value in headers if key == name and SANE.fullmatch(value)), "")
