import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import InputError
from lab.rag.pdf_reader import PAGE_END, empty_pages, read_pdf
from lab.rag.text_reader import Unread


def test_pages_are_kept_apart(make_pdf):
    assert read_pdf(make_pdf("First page.", "Second page."), "a.pdf") == ("a", f"First page.{PAGE_END}Second page.")


def test_a_title_that_the_file_names_is_its_title(make_pdf):
    assert read_pdf(make_pdf("Text.", title="The manual"), "a.pdf")[0] == "The manual"


def test_pages_without_text_are_numbered(make_pdf):
    assert empty_pages(read_pdf(make_pdf("", "Two.", ""), "a.pdf")[1]) == [1, 3]


def test_a_scan_says_how_to_get_its_text(make_pdf):
    with pytest.raises(Unread, match=r"It has 2 pages and no text: it is a scan, or empty\.\nhint: .*ocrmypdf a\.pdf"):
        read_pdf(make_pdf("", ""), "a.pdf")


def test_an_encrypted_file_says_how_to_open_it(make_pdf):
    with pytest.raises(Unread, match=r"It is encrypted\.\nhint: .*qpdf"):
        read_pdf(make_pdf("Secret.", password="word"), "a.pdf")


@pytest.mark.parametrize("data", [b"not a PDF", b"%PDF-1.7\n", b"%PDF-1.7\n1 0 obj\n<</Type /Catalog"])
def test_a_broken_file_is_told(data):
    with pytest.raises(Unread, match=r"It is a broken PDF \(.+\)\.\nhint: Open it in a viewer"):
        read_pdf(data, "a.pdf")


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_damaged_file_gives_text_or_a_report(make_pdf, data):
    good = make_pdf("Some text on a page.")
    place, byte = data.draw(st.integers(0, len(good) - 1)), data.draw(st.binary(min_size=1, max_size=8))
    try:
        title, _ = read_pdf(good[:place] + byte + good[place + len(byte) :], "a.pdf")
    except InputError as error:
        assert error.hint
    else:
        assert title == "a"
