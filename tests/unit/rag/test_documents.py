import os
from pathlib import Path

import pytest

from lab.errors import InputError
from lab.rag.documents import load


def problem(path: Path, max_mb: float = 5) -> str:
    problems = load(path, max_mb).problems
    assert len(problems) == 1
    return f"{problems[0].document}: {problems[0].what} {problems[0].hint}"


def test_a_folder_gives_documents_with_source_and_title(folder):
    found = {d.metadata["source"]: d.metadata["title"] for d in load(folder, 5).documents}
    assert found == {"notes.txt": "notes", "ports.md": "Ports", "volumes.md": "Volumes"}


def test_sources_of_subfolders_are_relative_paths(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "a.md").write_text("text")
    assert load(tmp_path, 5).documents[0].metadata["source"] == "deep/er/a.md"


def test_hidden_files_and_other_kinds_are_left_out(tmp_path):
    (tmp_path / ".git").mkdir()
    for name in (".hidden.md", ".git/x.md", "picture.png", "data.json"):
        (tmp_path / name).write_text("text")
    assert load(tmp_path, 5).documents == []


def test_one_file_can_be_named(folder):
    loaded = load(folder / "ports.md", 5)
    assert [d.metadata["source"] for d in loaded.documents] == ["ports.md"]
    assert not loaded.whole


def test_windows_line_ends_and_byte_order_mark_change_nothing(tmp_path):
    (tmp_path / "a.md").write_bytes(b"\xef\xbb\xbf# A\r\n\r\ntext\r\n")
    assert load(tmp_path, 5).documents[0].page_content == "# A\n\ntext\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "It is empty."),
        (b" \n\t\n", "It is empty."),
        (b"text\0more", "It is a binary file"),
        ("Übung".encode("latin-1"), "It is not UTF-8 (byte 1 is 0xdc). Save it as UTF-8"),
        ("text".encode("utf-16"), "It is not UTF-8"),
        (b"x" * 2_000_000, "It has 2.0 MB; the limit is 1 MB. Split it into smaller documents, or raise MAX_DOCUMENT_MB."),
    ],
)
def test_a_bad_document_is_reported_and_the_rest_goes_on(folder, content, said):
    (folder / "bad.md").write_bytes(content)
    loaded = load(folder, 1)
    assert len(loaded.documents) == 3
    assert problem(folder, 1).startswith("bad.md: ")
    assert said in problem(folder, 1)


def test_an_exact_copy_names_its_twin(folder):
    (folder / "z-copy.md").write_text((folder / "ports.md").read_text())
    assert "z-copy.md: It is an exact copy of ports.md" in problem(folder)


def test_a_link_to_nowhere_is_reported(folder):
    (folder / "gone.md").symlink_to(folder / "nothing.md")
    assert "gone.md: It cannot be read (No such file or directory)" in problem(folder)


def test_a_pipe_does_not_block(folder):
    os.mkfifo(folder / "pipe.md")
    assert "pipe.md: It is not a regular file." in problem(folder)


def test_a_name_that_is_not_utf8_is_reported(folder):
    (Path(os.fsdecode(os.fsencode(folder) + b"/\xff.md"))).write_text("text")
    assert "\\udcff.md: Its name is not UTF-8." in problem(folder)


def test_what_cannot_be_read_now_is_remembered(folder):
    (folder / "ports.md").write_bytes(b"\0")
    assert load(folder, 5).unread == {"ports.md"}


def test_an_empty_document_is_not_kept(folder):
    (folder / "ports.md").write_text("")
    assert load(folder, 5).unread == set()


@pytest.mark.parametrize("name", ["nowhere", "picture.png"])
def test_a_path_that_cannot_be_used_says_what_to_do(tmp_path, name):
    (tmp_path / "picture.png").write_bytes(b"x")
    with pytest.raises(InputError, match=r"hint: (Check the path|Name a file that ends in)"):
        load(tmp_path / name, 5)
