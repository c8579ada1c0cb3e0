"""The table of characters to replace: read back as llama.cpp reads it, and by the tokenizers library."""

import struct
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers.normalizers import Precompiled

from lab.engine.charsmap import charsmap, with_sequences

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4)
TABLES = st.dictionaries(TEXT.filter(bool), TEXT, min_size=1, max_size=60)
KANA = {"ｶ": "カ", "ﾊ": "ハ", "ﾞ": "\u3099", "ﾟ": "\u309a", "Ｐ": "P"}


def read(table: bytes, text: str) -> tuple[int, str | None]:
    """Bytes of the longest key at the start of the text, and its replacement; as sentencepiece documents the walk."""
    (length,) = struct.unpack_from("<I", table)
    units, texts = struct.unpack_from(f"<{length // 4}I", table, 4), table[4 + length :]
    at, found = units[0] >> 10, (0, None)
    for count, byte in enumerate(text.encode(), 1):
        at ^= byte
        if units[at] & (1 << 31 | 0xFF) != byte:
            break
        ends_key = units[at] >> 8 & 1
        at ^= units[at] >> 10
        if ends_key:
            start = units[at] & ((1 << 31) - 1)
            found = count, texts[start : texts.index(0, start)].decode()
    return found


@given(TABLES)
def test_every_key_is_found_with_its_replacement(replacements):
    table = charsmap(replacements)
    assert {key: read(table, key) for key in replacements} == {key: (len(key.encode()), replacements[key]) for key in replacements}


@given(TABLES, TEXT)
def test_the_longest_key_that_fits_is_found(replacements, text):
    keys = [key for key in replacements if text.startswith(key)]
    longest = max(keys, key=len, default="")
    assert read(charsmap(replacements), text) == (len(longest.encode()), replacements.get(longest))


@given(TABLES)
def test_every_walk_stays_inside_the_table(replacements):
    """llama.cpp ends a request that leaves it: all 256 children of every unit must be in the array."""
    (length,) = struct.unpack_from("<I", charsmap(replacements))
    assert length % (4 * 256) == 0


@given(TABLES, st.randoms())
def test_the_order_of_the_keys_changes_nothing(replacements, random):
    keys = list(replacements)
    random.shuffle(keys)
    assert charsmap({key: replacements[key] for key in keys}) == charsmap(replacements)


@pytest.mark.parametrize(
    ("written", "character"),
    [("か\u3099", "が"), ("ｶﾞ", "ガ"), ("カﾞ", "ガ"), ("ｶ\u3099", "ガ"), ("ﾊﾟ", "パ"), ("e\u0302\u0301", "ế"), ("\u1112\u1161\u11ab", "한")],
)
def test_sequences_of_one_character_are_known(written, character):
    assert with_sequences(KANA)[written] == character


def test_sequences_follow_the_unicode_rules():
    found = with_sequences(KANA)
    assert found.items() >= KANA.items()
    assert {key: value for key, value in found.items() if normalize("NFKC", key) != normalize("NFKC", value)} == {}


@pytest.mark.parametrize("text", ["Ｐ", "ｶ", "カ", "x", "e\u0301"])
def test_the_tokenizers_library_reads_the_same(text):
    """It looks up sequences of up to five bytes only."""
    assert Precompiled(charsmap(with_sequences(KANA))).normalize_str(text) == normalize("NFKC", text)
