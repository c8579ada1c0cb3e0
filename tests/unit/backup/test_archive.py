"""The file of a backup: whole or not there, and no changed byte goes unnoticed."""

import json
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.backup.archive import MANIFEST, read_archive, write_archive
from lab.errors import InputError

CONTENT = {"a/records.jsonl": b'{"id": "1"}\n', "a/vectors.f32": bytes(range(200)) * 40}


def make(path, content=CONTENT, **manifest):
    with write_archive(path, force=True) as writer:
        for name, data in content.items():
            writer.add(name, [data])
        writer.finish(manifest)
    return path


def test_what_was_written_is_read_and_only_the_owner_may_read_the_file(tmp_path):
    path = make(tmp_path / "a.zip", made="now")
    with read_archive(path) as archive:
        assert (archive.manifest["made"], {name: archive.read(name) for name in CONTENT}) == ("now", CONTENT)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_exists_is_replaced_only_when_that_was_asked_for(tmp_path):
    path = make(tmp_path / "a.zip")
    before = path.read_bytes()
    with pytest.raises(InputError, match="exists"), write_archive(path):
        pass
    assert path.read_bytes() == before


def test_a_backup_that_breaks_off_leaves_the_one_before_and_no_other_file(tmp_path):
    path = make(tmp_path / "a.zip")
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt), write_archive(path, force=True) as writer:
        writer.add("a", [b"half"])
        raise KeyboardInterrupt
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.zip"]


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_changed_bit_is_found_or_changes_nothing(tmp_path, place, bit):
    path = make(tmp_path / "a.zip")
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    path.write_bytes(data)
    try:
        with read_archive(path) as archive:
            assert {name: archive.read(name) for name in CONTENT} == CONTENT
    except InputError:
        pass


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kept=st.floats(0, 1, exclude_max=True))
def test_a_file_that_was_cut_off_is_refused(tmp_path, kept):
    path = make(tmp_path / "a.zip")
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(InputError), read_archive(path):
        pass


def rewrite(path, change):
    """The same archive with other members or another manifest, as ZIP itself takes it for sound."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as new:
        for name, data in members.items():
            new.writestr(name, data)


def test_another_content_under_the_same_name_is_found_by_its_hash(tmp_path):
    path = make(tmp_path / "a.zip")
    rewrite(path, lambda members: members.update({"a/records.jsonl": b'{"id": "2"}\n'}))
    with pytest.raises(InputError, match="damaged: a/records"), read_archive(path):
        pass


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "more"])
def test_a_member_that_the_list_does_not_name_is_refused_and_nothing_is_unpacked(tmp_path, name):
    (tmp_path / "inside").mkdir()
    path = make(tmp_path / "inside" / "a.zip")
    rewrite(path, lambda members: members.update({name: b"x"}))
    with pytest.raises(InputError, match="other files"), read_archive(path):
        pass
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == ["a.zip"]


def test_a_folder_that_is_not_there_is_a_mistake_and_is_not_made(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        make(tmp_path / "misspelt" / "a.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_of_a_later_format_is_not_guessed_at(tmp_path):
    path = make(tmp_path / "a.zip")
    rewrite(path, lambda members: members.update({MANIFEST: json.dumps({**json.loads(members[MANIFEST]), "format": 2}).encode()}))
    with pytest.raises(InputError, match="format 2"), read_archive(path):
        pass


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_a_file_that_is_no_backup_is_refused(tmp_path, data):
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(InputError), read_archive(tmp_path / "a.zip"):
        pass


def test_a_missing_file_is_named_with_what_makes_one(tmp_path):
    with pytest.raises(InputError) as told, read_archive(tmp_path / "none.zip"):
        pass
    assert "lab backup" in told.value.hint
