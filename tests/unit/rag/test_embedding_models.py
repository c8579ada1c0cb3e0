import pytest

from lab.rag.embedding_models import about, reads, script


@pytest.mark.parametrize(
    ("model", "passage", "query"),
    [
        ("all-minilm", "", ""),
        ("all-minilm:latest", "", ""),
        ("nomic-embed-text", "search_document: ", "search_query: "),
        ("nomic-embed-text:v1.5", "search_document: ", "search_query: "),
        ("registry.example/team/multilingual-e5-small:latest", "passage: ", "query: "),
        ("somebody/unknown", "", ""),
    ],
)
def test_each_model_has_its_prefixes(model, passage, query):
    assert (about(model).passage, about(model).query) == (passage, query)


@pytest.mark.parametrize(
    ("text", "writing"),
    [
        ("Which port does Chroma use?", "latin"),
        ("What does コンテナ mean?", "latin"),
        ("Où est le volume ?", "latin"),
        ("コンテナを削除すると何が起きますか？", "japanese"),
        ("Chromaのポートはどこですか？", "japanese"),
        ("Где хранятся данные?", "other"),
        ("컨테이너를 삭제하면?", "other"),
        ("8000", "latin"),
        ("", "latin"),
    ],
)
def test_the_writing_of_a_text_is_recognised(text, writing):
    assert script(text) == writing


def test_an_english_model_reads_latin_letters_only():
    assert reads("all-minilm", "Which port?")
    assert not reads("all-minilm", "コンテナを削除すると？")
    assert reads("multilingual-e5-small", "コンテナを削除すると？")
    assert reads("unknown-model", "コンテナを削除すると？")
