"""What whoever brings a document says about it: fields of its own, kept beside each of its chunks.

A value is kept as JSON text under its prefixed name. So fields of the index and a document's own ones cannot be mixed up, and a
filter compares texts, which every store does alike; with numbers they differ (Chroma's filter for 1.5 finds 1 too).
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from lab.errors import InputError

Value = str | int | float | bool
FIELDS = ("folder", "source", "section", "script")  # the index's own fields that a search may be limited to
TAKEN = (*FIELDS, "title", "position")  # names that say something else already
PREFIX = "own."
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


def kept(about: Mapping[str, Value]) -> dict[str, str]:
    """What is kept of a document's own fields. Raises InputError for a name or a value that cannot be kept."""
    for name, value in about.items():
        if name in TAKEN:
            raise InputError(f"The index keeps {name} itself: a document cannot bring a field of this name.", "Choose another name.")
        if not NAME.fullmatch(name):
            raise InputError(f"A field's name is up to 64 letters, digits, _ and -, and this is {name!r:.80}.", "Choose another name.")
        if not isinstance(value, Value):
            raise InputError(f"The field {name} holds no text, number, true or false.", "Give one value, or leave it out.")
    return {PREFIX + name: written(value) for name, value in about.items()}


def written(value: Value) -> str:
    """The text of a value. Numbers that are equal have the same text: 1 and 1.0."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        value = int(value)
    return json.dumps(value, ensure_ascii=False)


def own(metadata: Mapping[str, Any]) -> dict[str, Value]:
    """A document's own fields, as it brought them."""
    return {name.removeprefix(PREFIX): json.loads(value) for name, value in own_kept(metadata).items()}


def own_kept(metadata: Mapping[str, Any]) -> dict[str, str]:
    """The same as they are kept."""
    return {name: value for name, value in metadata.items() if name.startswith(PREFIX)}
