"""The table by which a tokenizer normalises text (Ｐ to P, ｶﾞ to ガ), in the form that llama.cpp and sentencepiece read.

The form: the length of a double array, the double array, then all replacements as text, each closed by a zero byte.
A double array is a tree of bytes in one row of 32-bit numbers, its units. The child of a unit for the byte `c` is at `base ^ c`.
Bits of a unit: 0-7 the byte that leads to it, 8 whether a key ends here, 10-30 its own place ^ base. The child for the byte 0
holds a value, with bit 31 set: where the replacement of the key begins.
"""

import struct
from array import array
from collections.abc import Mapping
from typing import Any
from unicodedata import ucd_3_2_0 as unicode  # an edition that never changes: the same table from every Python

_BLOCK = 256  # base ^ c stays in the block of base
_HAS_VALUE, _IS_VALUE, _OFFSET = 1 << 8, 1 << 31, 10
_END = 0  # closes a key: texts hold no zero byte

_Tree = dict[int, Any]  # byte: tree; _END: value


def charsmap(replacements: Mapping[str, str]) -> bytes:
    """The table for these replacements. In a text, the longest key that fits is the one replaced."""
    texts, starts = bytearray(), dict[str, int]()
    tree: _Tree = {}
    for key in sorted(replacements):
        text = replacements[key]
        if text not in starts:
            starts[text] = len(texts)
            texts += text.encode() + b"\0"
        node = tree
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[_END] = starts[text]
    units = _Units().fill(tree)
    return struct.pack(f"<I{len(units)}I", 4 * len(units), *units) + texts


def with_sequences(singles: Mapping[str, str]) -> dict[str, str]:
    """Replacements of single characters, and those of sequences that stand for one: か with ゛ as macOS writes it, ｶ with ﾞ."""
    half_width = {wide: narrow for narrow, wide in singles.items() if "\uff66" <= narrow <= "\uff9f"}
    found = dict(singles)
    for character in map(chr, range(0xC0, 0x10000)):
        parts = unicode.normalize("NFD", character)
        if len(parts) == 1 or unicode.normalize("NFC", parts) != character:
            continue
        first, last = parts[:-1], parts[-1]
        for head in (first, half_width.get(first, first)):
            for tail in (last, half_width.get(last, last)):
                found[head + tail] = singles.get(character, character)
    return found


class _Units:
    """A double array that grows by blocks."""

    def __init__(self) -> None:
        self.units = array("I")
        self.taken = bytearray()
        self.bases: set[int] = set()  # two parents with one base would find each other's children
        self.free = 1  # no unit before this one is free

    def fill(self, tree: _Tree) -> "array[int]":
        """Place all nodes of the tree, from the root on."""
        self._grow()
        self.taken[0] = 1
        waiting = [(0, tree)]
        while waiting:
            place, node = waiting.pop()
            base = self._base(sorted(node))
            self.units[place] |= (place ^ base) << _OFFSET | (_HAS_VALUE if _END in node else 0)
            for byte, child in node.items():
                self.units[base ^ byte] = byte if byte else _IS_VALUE | child
                if byte:
                    waiting.append((base ^ byte, child))
        return self.units

    def _base(self, labels: list[int]) -> int:
        """Take places for the children with these labels: the first where all of them are free."""
        place = self.free = self._next_free(self.free)
        while True:
            base = place ^ labels[0]
            if base not in self.bases and not any(self.taken[base ^ label] for label in labels):
                break
            place = self._next_free(place + 1)
        self.bases.add(base)
        for label in labels:
            self.taken[base ^ label] = 1
        return base

    def _next_free(self, start: int) -> int:
        place = self.taken.find(0, start)
        if place < 0:
            place = len(self.taken)
            self._grow()
        return place

    def _grow(self) -> None:
        self.units.extend([0] * _BLOCK)
        self.taken += bytes(_BLOCK)
