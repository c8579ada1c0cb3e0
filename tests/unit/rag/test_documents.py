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


def test_hidden_files_and_other_kinds_are_left_out_and_counted_but_for_the_questions(folder):
    (folder / ".git").mkdir()
    for name in (".hidden.md", ".git/x.md", "picture.png", "data.jsonl", "more.jsonl", "questions.jsonl", "LICENSE"):
        (folder / name).write_text("text")
    loaded = load(folder, 5)
    assert len(loaded.documents) == 3
    assert loaded.notes == ["4 files left out, not Markdown, text, HTML or PDF: 2 × .jsonl, 1 × .png, 1 × no ending."]


def test_a_folder_without_documents_says_what_it_holds(tmp_path):
    (tmp_path / "a.docx").write_bytes(b"x")
    with pytest.raises(InputError, match=r"no documents of Markdown, text, HTML or PDF in .*1 file left out.*1 × \.docx"):
        load(tmp_path, 5).require_something()


def test_every_kind_is_read(folder, make_pdf):
    (folder / "page.html").write_text("<h1>Page</h1><p>Text.")
    (folder / "manual.PDF").write_bytes(make_pdf("Text."))
    found = {d.metadata["source"]: d.metadata["title"] for d in load(folder, 5).documents}
    assert found == {"manual.PDF": "manual", "notes.txt": "notes", "page.html": "Page", "ports.md": "Ports", "volumes.md": "Volumes"}


def test_pages_without_text_are_told(tmp_path, make_pdf):
    (tmp_path / "a.pdf").write_bytes(make_pdf("One.", "", "Three."))
    loaded = load(tmp_path, 5)
    assert len(loaded.documents) == 1
    assert loaded.notes == ["a.pdf: no text on 1 of its pages (2): pictures, or empty."]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom"])
def test_encodings_that_say_what_they_are_give_the_same_text(tmp_path, encoding):
    text = "# 表題\n\nTürkçe\n"
    data = b"\xff\xfe" + text.encode("utf-16-le") if encoding == "utf-16-le-bom" else text.encode(encoding)
    (tmp_path / "a.md").write_bytes(data)
    (document,) = load(tmp_path, 5).documents
    assert (document.page_content, document.metadata["title"]) == (text, "表題")


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
        ("表題".encode("shift_jis"), "for example LATIN1 or SHIFT_JIS."),
        (b"\xff\xfex", "It is not UTF-16 (byte 3"),
        ("a\0b".encode("utf-16"), "It is a binary file"),
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
