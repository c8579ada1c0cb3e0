"""The message catalogue."""

import gettext

import pytest

from lab.course import text as catalogue


def test_english_is_the_key():
    assert catalogue.text("`{name}` is still to be written.", name="half") == "`half` is still to be written."


def test_braces_in_a_value_are_left_alone():
    assert catalogue.text("Known: {names}.", names="{x}") == "Known: {x}."


@pytest.fixture
def japanese(tmp_path, monkeypatch):
    """A compiled catalogue with one sentence, written as msgfmt writes it."""
    polib_free = {"correct": "正解"}
    header = "Content-Type: text/plain; charset=utf-8\n"
    entries = sorted({"": header, **polib_free}.items())
    keys = b"".join(key.encode() + b"\0" for key, _ in entries)
    values = b"".join(value.encode() + b"\0" for _, value in entries)
    start, table, at = 28 + 16 * len(entries), [], 0
    for position in (0, 1):
        for entry in entries:
            size = len(entry[position].encode())
            table += [size, start + at]
            at += size + 1
    numbers = [0x950412DE, 0, len(entries), 28, 28 + 8 * len(entries), 0, 0, *table]
    path = tmp_path / "ja/LC_MESSAGES/course.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"".join(number.to_bytes(4, "little") for number in numbers) + keys + values)
    monkeypatch.setattr(catalogue, "CATALOGUES", tmp_path)
    monkeypatch.setattr(catalogue, "LANGUAGE", "ja")
    assert gettext.find("course", tmp_path, ["ja"])


def test_a_catalogue_beside_the_module_translates(japanese):
    assert catalogue.text("correct") == "正解"


def test_a_sentence_that_is_not_translated_yet_stays_english(japanese):
    assert catalogue.text("incorrect") == "incorrect"
