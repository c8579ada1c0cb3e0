"""The page of mistakes says what the lessons say."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lab.course.errata import HEAD, Mistake, mistakes, page


def named(*sources):
    return list(mistakes(new_notebook(cells=[new_markdown_cell(source) for source in sources]), "01_x.ipynb"))


def test_a_mistake_has_its_words_and_the_heading_above_it():
    found = named("# Title", "## Flags\nProse.", "**Myth:** *`CMD` starts it.* (B49)\nMore prose.")
    assert found == [Mistake(49, "01_x.ipynb", "Flags", "**Myth:** *`CMD` starts it.*")]


@pytest.mark.parametrize("words", ["(B1, B3)", "(B1 and B3)", "(B1) and (B3)"])
def test_several_numbers_in_a_line_are_several_mistakes(words):
    assert [one.number for one in named(f"Both {words}.")] == [1, 3]


def test_a_number_named_again_is_listed_once():
    assert [one.words for one in named("First (B1).", "Again (B1).")] == ["First."]


def test_code_and_words_that_only_look_like_numbers_are_left_out():
    cells = [new_code_cell("# (B1)"), new_markdown_cell("```\n(B2)\n```\nB3 without brackets, and (BM25)")]
    assert list(mistakes(new_notebook(cells=cells), "01_x.ipynb")) == []


def test_the_page_is_in_the_order_of_the_numbers(tmp_path):
    (tmp_path / "solutions").mkdir()
    nbformat.write(new_notebook(cells=[new_markdown_cell("## A | B\nTen (B10).\nTwo (B2).")]), tmp_path / "solutions/01_x.ipynb")
    rows = page(tmp_path).removeprefix(HEAD).splitlines()
    assert rows[0] == "| B2 | Two. | [01](../solutions/01_x.ipynb) | A \\| B |"
    assert rows[1].startswith("| B10 |")
