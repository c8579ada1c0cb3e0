import os
from tokenize import TokenError
from zipfile import BadZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.rag.keyword_index import KeywordIndex
from lab.rag.words import Lexicon

TEXTS = {
    "a": "Set `--gpus all` to give a container every GPU.",
    "b": "POST /api/chat streams its answer; keep_alive keeps the model.",
    "c": "A named volume survives its container.",
    "d": "名前付きボリュームのデータはコンテナを削除しても残ります。",
    "e": "Пример на русском языке о томах.",
}


def record(chunk, text, source="a.md", section="A"):
    return {"id": chunk, "document": text, "metadata": {"folder": "docs", "source": source, "section": section, "script": "latin"}}


@pytest.fixture
def index():
    return KeywordIndex.build(["now"], [record(chunk, text, f"{chunk}.md") for chunk, text in TEXTS.items()])


def ids(found):
    return [chunk for chunk, _ in found]


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("what does --gpus do", "a"),
        ("/api/chat", "b"),
        ("keep_alive", "b"),
        ("which volumes survive", "c"),
        ("ボリュームを削除", "d"),
        ("томах", "e"),
    ],
)
def test_words_identifiers_and_other_writings_are_found(index, question, best):
    assert ids(index.search(question, 3))[0] == best


@pytest.mark.parametrize("question", ["", "of the and", "zebra", "🙂"])
def test_nothing_in_common_finds_nothing(index, question):
    assert index.search(question, 3) == []


def test_a_rare_word_weighs_more_than_a_frequent_one(index):
    (first, most), (_, less) = index.search("container volume", 2)
    assert (first, most > less) == ("c", True)


def test_equal_scores_come_in_the_order_of_their_ids():
    index = KeywordIndex.build([], [record(chunk, "the same port") for chunk in "cab"])
    assert ids(index.search("port", 2)) == ["a", "b"]


def test_a_filter_leaves_only_what_it_names(index):
    assert sorted(ids(index.search("container", 5))) == ["a", "c"]
    assert ids(index.search("container", 5, {"source": ["c.md", "d.md"]})) == ["c"]
    assert index.search("container", 5, {"source": ["c.md"], "folder": ["other"]}) == []


def test_texts_without_any_word_make_an_index_that_finds_nothing():
    assert KeywordIndex.build([], [record("a", "..."), record("b", "the")]).search("port", 1) == []


def test_the_counts_of_words_are_those_of_the_texts(index):
    lexicon = Lexicon(TEXTS.values())
    assert index.lexicon.size == lexicon.size
    assert all(index.lexicon.texts_with[term] == count for term, count in lexicon.texts_with.items())


def test_what_was_saved_answers_the_same(index, tmp_path):
    index.save(tmp_path / "kept")
    again = KeywordIndex.load(tmp_path / "kept", ["now"])
    assert again is not None
    for question in ("container", "--gpus", "ボリューム"):
        assert again.search(question, 5, {"folder": ["docs"]}) == index.search(question, 5, {"folder": ["docs"]})
    assert again.lexicon.texts_with == index.lexicon.texts_with


def test_what_was_saved_from_another_state_is_not_used(index, tmp_path):
    index.save(tmp_path / "kept")
    assert KeywordIndex.load(tmp_path / "kept", ["later"]) is None
    assert KeywordIndex.load(tmp_path / "none", ["now"]) is None


@pytest.mark.parametrize("name", ["chunks.json", "vocab.index.json", "data.csc.index.npy", "params.index.json"])
@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\0"])
def test_damaged_files_are_not_used(index, tmp_path, name, content):
    index.save(tmp_path / "kept")
    (tmp_path / "kept" / name).write_bytes(content)
    loaded = KeywordIndex.load(tmp_path / "kept", ["now"])
    assert loaded is None or loaded.search("container", 5) == index.search("container", 5)


@pytest.mark.parametrize("name", ["chunks.json", "vocab.index.json", "data.csc.index.npy", "indices.csc.index.npy", "indptr.csc.index.npy"])
def test_one_changed_byte_makes_the_index_anew(index, tmp_path, name):
    index.save(tmp_path / "kept")
    file = tmp_path / "kept" / name
    content = file.read_bytes()
    file.write_bytes(content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
    assert KeywordIndex.load(tmp_path / "kept", ["now"]) is None


@pytest.mark.parametrize("error", [BadZipFile, TokenError, RecursionError, MemoryError])
def test_whatever_reading_raises_makes_the_index_anew(index, tmp_path, monkeypatch, error):
    def load(*_):
        raise error("damaged")

    index.save(tmp_path / "kept")
    monkeypatch.setattr("lab.rag.keyword_index.bm25s.BM25.load", load)
    assert KeywordIndex.load(tmp_path / "kept", ["now"]) is None


def test_what_an_interrupted_save_left_is_removed_when_it_is_old(index, tmp_path):
    old, young = tmp_path / ".kept.old", tmp_path / ".kept.young"
    for folder in (old, young):
        folder.mkdir()
        (folder / "chunks.json").write_text("{}")
    os.utime(old, (0, 0))
    index.save(tmp_path / "kept")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".kept.young", "kept"]


def test_saving_twice_leaves_one_folder_and_nothing_else(index, tmp_path):
    index.save(tmp_path / "kept")
    index.save(tmp_path / "kept")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@given(st.lists(st.text(max_size=30), min_size=1, max_size=6), st.text(max_size=20))
@settings(deadline=None)
def test_any_texts_and_any_question_can_be_searched(texts, question):
    index = KeywordIndex.build([], [record(str(number), text) for number, text in enumerate(texts)])
    found = index.search(question, 3)
    assert len(found) <= 3
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
