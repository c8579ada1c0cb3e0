import json
import math

import httpx
import numpy as np
import ollama
import pytest

from lab.errors import InputError, ModelError, ServiceError
from lab.rag.embed import BATCH, Embedder


def answering(settings, answer) -> Embedder:
    embedder = Embedder(settings)
    embedder.client = ollama.Client("http://fake", transport=httpx.MockTransport(answer))
    return embedder


def test_many_texts_are_sent_in_batches(make_embedder, fake):
    vectors = make_embedder().embed_documents([f"text {n}" for n in range(2 * BATCH + 1)])
    assert [len(batch) for batch in fake.batches] == [BATCH, BATCH, 1]
    assert len(vectors) == 2 * BATCH + 1


def test_a_text_that_is_too_long_is_found_in_its_batch(make_embedder, fake):
    fake.reads = 5
    found = make_embedder().batch(["a b", "w " * 9, "c", "d"])
    assert [vector is None for vector in found] == [False, True, False, False]


def test_nothing_is_cut_silently(make_embedder, fake):
    fake.reads = 5
    with pytest.raises(InputError, match="longer than all-minilm reads"):
        make_embedder().embed_query("word " * 9)


def test_remembered_texts_are_embedded_once(make_embedder, fake):
    embedder = make_embedder()
    first, second = embedder.remembered(["a", "b", "a"]), embedder.remembered(["b", "a", "b"])
    assert fake.batches == [["a", "b"]]
    assert np.array_equal(first[0], second[1])


def test_remembered_vectors_have_length_one(make_embedder):
    assert math.isclose(np.linalg.norm(make_embedder().remembered(["some words"])[0]), 1, rel_tol=1e-5)


def test_remembering_no_text_gives_no_rows(make_embedder):
    assert len(make_embedder().remembered([])) == 0


def test_memory_of_vectors_is_bounded(make_embedder, monkeypatch):
    monkeypatch.setattr("lab.rag.embed.REMEMBERED", 10)
    embedder = make_embedder()
    embedder.remembered([f"text {n}" for n in range(50)])
    assert len(embedder._known) == 10


def test_the_digest_is_that_of_the_name_with_its_tag(make_embedder):
    assert make_embedder().digest() == "a" * 64


def test_a_missing_model_names_the_command_that_gets_it(settings):
    absent = httpx.Response(404, json={"error": "model 'all-minilm' not found"})
    with pytest.raises(ModelError, match="lab-engine pull all-minilm"):
        answering(settings, lambda request: absent).embed_query("text")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (httpx.ConnectError("refused"), "does not answer"),
        (httpx.ReadTimeout("slow"), "no answer within 120 s"),
        (httpx.RemoteProtocolError("gone"), "broke off"),
    ],
)
def test_a_server_that_fails_is_a_service_error(settings, error, said):
    def fail(request):
        raise error

    with pytest.raises(ServiceError, match=said):
        answering(settings, fail).embed_query("text")


def test_passages_and_questions_get_the_words_that_the_model_was_trained_with(changed):
    asked = []

    def answer(request):
        asked.extend(json.loads(request.content)["input"])
        return httpx.Response(200, json={"embeddings": [[1.0, 0.0]]})

    embedder = answering(changed(embed_model="nomic-embed-text"), answer)
    embedder.embed_documents(["a passage"])
    embedder.embed_query("a question")
    embedder.remembered(["a sentence"])
    assert asked == ["search_document: a passage", "search_query: a question", "search_document: a sentence"]
