import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.rag.words import Lexicon, stem, terms

WORDS = st.lists(st.sampled_from(["volume", "chroma", "port", "model", "コンテナ"]), max_size=6).map(" ".join)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("containers", "container"),
        ("deleted", "deletes"),
        ("stopped", "stop"),
        ("removing", "remove"),
        ("classes", "class"),
        ("copies", "copy"),
    ],
)
def test_forms_of_a_word_share_a_stem(one, other):
    assert stem(one) == stem(other)


def test_common_words_are_left_out():
    assert terms("What is the port of the server?") == ["port", "server"]


def test_parts_of_a_name_are_terms():
    assert terms("NUM_CTX in /api/chat") == ["num", "ctx", "api", "chat"]


def test_japanese_becomes_pairs_of_characters():
    assert terms("コンテナを削除") == ["コン", "ンテ", "テナ", "ナを", "を削", "削除"]


def test_pairs_of_hiragana_are_left_out():
    assert terms("ください") == []


def test_a_rare_word_weighs_more():
    lexicon = Lexicon(["port chroma", "port ollama", "port"])
    assert lexicon.weight("nowhere") > lexicon.weight("chroma") > lexicon.weight("port")


@given(WORDS, WORDS)
def test_cover_is_a_share(wanted, found):
    assert 0 <= Lexicon(["volume port", "model"]).cover(terms(wanted), terms(found)) <= 1


@given(WORDS.filter(bool))
def test_a_text_covers_itself(text):
    assert Lexicon(["volume port", "model"]).cover(terms(text), terms(text)) == pytest.approx(1)


def test_nothing_wanted_is_nothing_covered():
    assert Lexicon([]).cover([], ["port"]) == 0
