import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import InputError
from lab.evaluate.merge import merge
from lab.evaluate.questions import Question, choose, digest, halved, load, require_articles

LINE = {
    "id": "volumes-1",
    "language": "en",
    "question": "Are models kept?",
    "answer": "Yes.",
    "must_contain": [["kept", "not deleted"]],
    "article": "volumes.md",
    "section": "What stays",
}
NONE = {**LINE, "id": "none-1", "answer": None, "must_contain": [], "article": None, "section": None}


@pytest.fixture
def write(tmp_path):
    (tmp_path / "volumes.md").write_text("# Volumes\n\n## What stays\n\nModels are kept.\n")

    def write(*lines, name="questions.jsonl"):
        file = tmp_path / name
        file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
        return file

    return write


def test_questions_are_read(write):
    one, none = load(write(LINE, "", NONE))
    assert one.must_contain == (("kept", "not deleted"),)
    assert (one.answerable, none.answerable) == (True, False)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", r"line 2: it is not JSON \(.*column 2\)"),
        ("[]", "line 2: Input should be"),
        ({**LINE, "language": "fr"}, "line 2: language: Input should be 'en' or 'ja'"),
        ({**LINE, "extra": 1}, "line 2: extra: Extra inputs"),
        ({**LINE, "question": ""}, "line 2: question: String should have at least 1"),
        ({**LINE, "must_contain": [[]]}, "each group of must_contain needs a variant"),
        ({**LINE, "must_contain": [[" "]]}, "no variant is empty"),
        ({**LINE, "must_contain": [["kept", "**"]]}, "no variant is empty"),
        ({**LINE, "section": None}, "needs answer, section and must_contain"),
        ({**NONE, "answer": "x"}, "has no answer, section or must_contain"),
        (NONE, "the id none-1 stands in questions.jsonl, line 1 already"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(write, line, said):
    with pytest.raises(InputError, match=said):
        load(write(NONE, line))


def test_a_file_that_is_not_there_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match=r"cannot be read.*\nhint: .*--questions FILE"):
        load(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("change", "said"), [({"article": "x.md"}, "no headings, or there is no such article"), ({"section": "X"}, "not the section “X”")]
)
def test_what_the_documents_do_not_have_is_named(write, tmp_path, change, said):
    with pytest.raises(InputError, match=said):
        require_articles(load(write({**LINE, **change})), tmp_path)


KINDS = st.lists(st.tuples(st.sampled_from(["en", "ja"]), st.booleans()), min_size=1, max_size=40)


def made(kinds):
    return [
        Question(f"q{n}", language, "?", None, (), "a.md" if answerable else None, None) for n, (language, answerable) in enumerate(kinds)
    ]


@given(KINDS)
def test_each_kind_is_shared_equally(kinds):
    counts = Counter((one.language, one.answerable, one.half) for one in halved(made(kinds)))
    for language in ("en", "ja"):
        for answerable in (True, False):
            assert 0 <= counts[language, answerable, "calibration"] - counts[language, answerable, "test"] <= 1


@given(KINDS, st.randoms())
def test_halves_do_not_depend_on_the_order(kinds, random):
    shuffled = made(kinds)
    random.shuffle(shuffled)
    assert {one.id: one.half for one in halved(shuffled)} == {one.id: one.half for one in halved(made(kinds))}
    assert digest(shuffled) == digest(made(kinds))


def test_questions_of_a_half_and_language_are_chosen(write):
    questions = halved(load(write(LINE, NONE, {**LINE, "id": "ja-1", "language": "ja"})))
    assert [one.id for one in choose(questions, "calibration", "ja")] == ["ja-1"]
    assert len(choose(questions)) == 3


def test_questions_without_halves_say_how_to_get_them(write):
    with pytest.raises(InputError, match=r"have no halves yet.*\nhint: Merge them: python -m lab\.evaluate\.merge"):
        choose(load(write(LINE)), "test")


def test_no_question_left_is_told(write):
    with pytest.raises(InputError, match="No question is of the half all and the language ja"):
        choose(load(write(LINE)), "all", "ja")


def test_several_files_are_merged_with_halves(write, tmp_path):
    merge([write(LINE, name="a.jsonl"), write(NONE, name="b.jsonl")], tmp_path / "questions.jsonl")
    assert {one.half for one in load(tmp_path / "questions.jsonl")} == {"calibration"}
