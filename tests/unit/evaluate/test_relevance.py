import pytest
from langchain_core.documents import Document

from lab.errors import InputError
from lab.evaluate.questions import Question
from lab.evaluate.ranking import precision, recall
from lab.evaluate.relevance import grade, grades, ids, judgements
from lab.rag.retrieve import Hit


@pytest.mark.parametrize(
    ("source", "section", "expected"),
    [
        ("a.md", "Title > Backup", 2),
        ("a.md", "Title > Backup > By hand", 2),
        ("a.md", "Title > Other", 1),
        ("a.md", "", 1),
        ("b.md", "Title > Backup", 0),
    ],
)
def test_a_passage_is_graded_by_article_and_section(source, section, expected):
    assert grade(Question("q", "en", "?", "x", (("x",),), "a.md", "Backup"), source, section) == expected


@pytest.mark.parametrize(("section", "expected"), [("Title", 2), ("Title > Backup", 1)])
def test_the_text_before_the_first_section_is_a_section_of_its_own(section, expected):
    assert grade(Question("q", "en", "?", "x", (("x",),), "a.md", "Title"), "a.md", section) == expected


@pytest.mark.parametrize(("text", "expected"), [("Title\n\nModels are kept.", 2), ("Title\n\nModels are lost.", 1)])
@pytest.mark.parametrize("section", ["", "Title > In short"])
def test_another_passage_of_the_article_is_graded_by_its_words(section, text, expected):
    assert grade(Question("q", "en", "?", "x", (("kept",),), "a.md", "Backup"), "a.md", section, text) == expected


def chunk(id: str | None, source: str | None = None) -> Document:
    return Document("text", id=id, metadata={"source": source} if source else {})


@pytest.mark.parametrize(("level", "expected"), [("chunk", ["a-1", "a-2", "b-1"]), ("document", ["a.md", "b.md"])])
def test_ids_are_of_one_level_and_several_chunks_are_one_document(level, expected):
    assert ids([chunk("a-1", "a.md"), chunk("a-2", "a.md"), chunk("b-1", "b.md")], level) == expected


def test_a_hit_of_the_lab_has_both_ids():
    hit = Hit("a-1", "text", "a.md", "A > B", "A", 0.5, 0.5)
    assert (ids([hit], "chunk"), ids([hit], "document")) == (["a-1"], ["a.md"])


@pytest.mark.parametrize(("level", "words"), [("chunk", "its `id`"), ("document", "`source` in its metadata")])
def test_a_missing_id_is_refused_and_never_equal_to_another(level, words):
    with pytest.raises(InputError, match=f"no id at the level {level}.*\n.*{words}"):
        grades([chunk(None)], [chunk(None)], level)


@pytest.mark.parametrize("value", ["", None, 7])
def test_an_empty_id_is_a_missing_one(value):
    with pytest.raises(InputError, match="no id"):
        ids([value], "chunk")


def test_a_copy_takes_a_place_and_brings_nothing():
    found, judged = grades(["a", "a", "a", "b"], ["a", "c"], "chunk")
    assert (found, precision(found, 4), recall(found, judged, 4)) == ([1, 0], 0.25, 0.5)


def test_an_unknown_level_says_which_there_are():
    with pytest.raises(InputError, match="level='document' or level='chunk'"):
        ids(["a"], "page")


@pytest.mark.parametrize("value", [True, 1.0, -1, "1"])
def test_a_grade_is_a_whole_number(value):
    with pytest.raises(InputError, match="is no grade"):
        judgements({"a": value}, "chunk")


def test_judgements_belong_to_one_question():
    found = ["wiki", "other"]
    first, second = ({"wiki": 2, "old": 0}, {"other": 1})
    assert grades(found, first, "document") == ([2, 0], [2])
    assert grades(found, second, "document") == ([0, 1], [1])
