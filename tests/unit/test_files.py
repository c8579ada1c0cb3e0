"""Files are written whole or not at all."""

from pathlib import Path

import pytest

from lab.files import write_whole


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "kept.json"
    path.write_text("before")
    return path


def alone(path):
    return [found.name for found in path.parent.iterdir()] == [path.name]


def test_the_file_holds_the_new_text_and_nothing_is_left_beside_it(file):
    write_whole(file, "neu: ä\n")
    assert file.read_bytes() == "neu: ä\n".encode()
    assert alone(file)


def test_a_missing_folder_is_made(tmp_path):
    write_whole(tmp_path / "a" / "b" / "file", "text")
    assert (tmp_path / "a" / "b" / "file").read_text() == "text"


@pytest.mark.parametrize("mode", [0o644, 0o600])
def test_the_file_has_the_wanted_mode_whatever_it_had(file, mode):
    file.chmod(0o666)
    write_whole(file, "secret", mode)
    assert file.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("stop", [OSError, KeyboardInterrupt])
def test_broken_off_it_leaves_the_old_text_and_nothing_else(file, monkeypatch, stop):
    def broken(*_):
        raise stop

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(stop):
        write_whole(file, "half")
    assert file.read_text() == "before"
    assert alone(file)


def test_text_that_cannot_be_written_leaves_the_old_text_and_nothing_else(file):
    with pytest.raises(UnicodeEncodeError):
        write_whole(file, "half \udc80")
    assert file.read_text() == "before"
    assert alone(file)
