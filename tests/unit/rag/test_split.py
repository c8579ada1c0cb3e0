import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document

from lab.rag.pdf_reader import PAGE_END
from lab.rag.split import body, cut, split
from lab.rag.text_reader import read_markdown
from lab.rag.tokens import count, fits

PIECES = st.sampled_from(
    [
        "# One",
        "## Two",
        "#### Four",
        "```",
        "~~~",
        "word ",
        "A sentence. ",
        "日本語の文です。",
        "読点、続き",
        "\n",
        "\n\n",
        "- item",
        "`code`",
        "x" * 90,
    ]
)
TEXTS = st.lists(PIECES, max_size=40).map("\n".join) | st.text(max_size=400)


def document(text: str, source: str = "a.md") -> Document:
    return Document(page_content=text, metadata={"folder": "docs", "source": source, "title": "Title"})


def seconds(text: str) -> float:
    def once() -> float:
        started = time.perf_counter()
        read_markdown(text.encode(), "a.md")
        split(document(text), 700, 80)
        return time.perf_counter() - started

    return min(once() for _ in range(3))


def words_of(text: str) -> str:
    return re.sub(r"\s+", "", text)


@given(TEXTS, st.integers(50, 300))
def test_no_text_is_lost(text, size):
    chunks = split(document(text, "a.txt"), size, 0)
    assert words_of("".join(map(body, chunks))) == words_of(text)


@given(TEXTS, st.integers(50, 300))
def test_each_line_of_markdown_is_in_a_chunk_or_in_a_heading(text, size):
    chunks = split(document(text), size, 0)
    kept = words_of("".join(body(c) for c in chunks) + "".join(c.metadata["section"] for c in chunks))
    assert all(words_of(line.strip("# ")) in kept for line in text.splitlines() if len(line) < 50)


@given(TEXTS, st.integers(50, 300), st.integers(0, 40))
def test_no_chunk_is_longer_than_the_size(text, size, overlap):
    assert all(len(body(c)) <= size for c in split(document(text), size, overlap))


@given(TEXTS, st.integers(50, 300), st.sampled_from(["headings", "characters", "tokens"]))
def test_no_splitter_loses_text(text, size, splitter):
    chunks = split(document(text, "a.txt"), size, 0, splitter, "all-minilm")
    assert words_of("".join(map(body, chunks))) == words_of(text)


@given(TEXTS, st.integers(50, 400), st.integers(0, 40))
def test_no_chunk_has_more_tokens_than_the_size_or_the_model_reads(text, size, overlap):
    chunks = split(document(text), size, overlap, "tokens", "all-minilm")
    assert all(count(body(c)) <= min(size, fits("all-minilm")) for c in chunks)


@given(TEXTS)
def test_ids_are_stable_and_unique(text):
    first, second = (split(document(text), 100, 20) for _ in range(2))
    assert [c.id for c in first] == [c.id for c in second]
    assert len({c.id for c in first}) == len(first)


@given(st.lists(PIECES, max_size=40).map("\n".join))
def test_a_chunk_begins_with_its_headings(text):
    for chunk in split(document(text), 100, 0):
        assert chunk.page_content == f"{chunk.metadata['section'] or 'Title'}\n\n{body(chunk)}"


@pytest.mark.parametrize("sign", ["\ufdd0", "\ufdd1"])
def test_the_stand_ins_for_blanks_survive_when_a_document_has_them(sign):
    assert cut(f"```\na{sign}b\n```", 100, 0) == [f"```\na{sign}b\n```"]


def test_sections_are_paths_of_headings():
    text = "intro\n# A\none\n## B\ntwo\n### C\nthree\n## D\nfour"
    assert [c.metadata["section"] for c in split(document(text), 100, 0)] == ["", "A", "A > B", "A > B > C", "A > D"]


def test_a_heading_in_code_is_no_heading():
    text = "# A\n\n```bash\n# a comment\nls\n```\n"
    (chunk,) = split(document(text), 200, 0)
    assert "# a comment" in body(chunk)


def test_a_heading_without_text_is_kept():
    assert [body(c) for c in split(document("# A\n## B\n## C\ntext"), 100, 0)] == ["B", "text"]


def test_plain_text_has_no_headings():
    (chunk,) = split(document("# not a heading\ntext", "a.txt"), 100, 0)
    assert chunk.metadata["section"] == ""


def test_a_code_block_that_fits_stays_whole():
    code = "```yaml\nservices:\n\n  api:\n    image: x\n```"
    pieces = cut(f"{'Words before. ' * 5}\n\n{code}\n\n{'Words after. ' * 5}", 80, 0)
    assert code in pieces


def test_japanese_is_cut_at_full_stops():
    pieces = cut("これは一つ目の文です。これは二つ目の文です。" * 10, 60, 0)
    assert all(piece.endswith("。") for piece in pieces)


def test_overlap_repeats_the_end_of_the_chunk_before():
    first, second, *_ = cut(" ".join(f"word{i}" for i in range(40)), 100, 30)
    assert second.split()[0] in first


@pytest.mark.parametrize("change", [{"source": "b.md"}, {"folder": "other"}])
def test_the_same_text_elsewhere_has_another_id(change):
    one, two = document("text"), document("text")
    two.metadata.update(change)
    assert split(one, 100, 0)[0].id != split(two, 100, 0)[0].id


def test_a_very_long_heading_is_shortened_in_the_text_only():
    (chunk,) = split(document(f"# {'long ' * 100}\n\nbody"), 100, 0)
    assert len(chunk.page_content) < 200
    assert body(chunk) == "body"
    assert len(chunk.metadata["section"]) > 400


def test_characters_take_no_notice_of_headings():
    (chunk,) = split(document("# A\none\n## B\ntwo"), 100, 0, "characters")
    assert (chunk.metadata["section"], chunk.page_content) == ("", "Title\n\n# A\none\n## B\ntwo")


@pytest.mark.parametrize("splitter", ["headings", "characters", "tokens"])
def test_a_chunk_of_a_pdf_names_its_page(splitter):
    chunks = split(document(f"one{PAGE_END} {PAGE_END}three", "a.pdf"), 100, 0, splitter)
    assert [c.metadata["section"] for c in chunks] == ["Title > page 1", "Title > page 3"]


def test_a_web_page_is_cut_at_its_headings():
    assert [c.metadata["section"] for c in split(document("# A\none\n## B\ntwo", "a.html"), 100, 0)] == ["A", "A > B"]


@pytest.mark.parametrize("sign", "。！？、")
@pytest.mark.parametrize("splitter", ["characters", "tokens"])
def test_japanese_without_blanks_is_cut_after_its_signs(splitter, sign):
    chunks = split(document(f"これは一つ目の文です{sign}" * 30), 60, 0, splitter, "all-minilm")
    assert len(chunks) > 3
    assert all(body(c).endswith(sign) for c in chunks)


@pytest.mark.parametrize("odd", ["```x\n" * 8000, f"# a{' ' * 3000}b\ntext", f"# a{'#' * 3000}b\ntext", "`" * 9000 + "x\n"])
def test_odd_markdown_takes_about_as_long_as_other_text(odd):
    assert seconds(odd) < 50 * seconds("word\n" * (len(odd) // 5))


def test_a_longer_fence_holds_a_shorter_one():
    code = "````\n```\na b\n\nc\n```\n````"
    assert code in cut(f"{'Words before. ' * 3}\n\n{code}", 40, 0)


@pytest.mark.parametrize(("text", "title"), [("# A #\n", "A"), ("#\n# B", "B"), ("#\u3000表題 ", "表題"), ("#x\n## C", "a")])
def test_the_title_of_markdown_is_its_first_main_heading(text, title):
    assert read_markdown(text.encode(), "a.md")[0] == title
