"""Vectors."""

import math
from typing import Any

import numpy as np
import pytest

EMBED = "all-minilm"
TEXTS = ["A container keeps its processes apart.", "A volume outlives the container.", "Bananas are yellow."]


def vectors(engine: Any, texts: Any, **more: Any) -> np.ndarray[Any, Any]:
    return np.array(engine.post("/api/embed", model=EMBED, input=texts, **more).raise_for_status().json()["embeddings"])


def test_one_text_gives_one_vector_with_counters(engine: Any) -> None:
    answer = engine.post("/api/embed", model=EMBED, input=TEXTS[0]).json()
    assert set(answer) == {"model", "embeddings", "total_duration", "load_duration", "prompt_eval_count"}
    assert (answer["model"], answer["prompt_eval_count"]) == (EMBED, 9)
    assert np.shape(answer["embeddings"]) == (1, 384)


def test_vectors_have_length_one(engine: Any) -> None:
    assert np.linalg.norm(vectors(engine, TEXTS), axis=1) == pytest.approx(1, abs=1e-5)


def test_a_batch_gives_what_single_texts_give(engine: Any) -> None:
    many = [f"{text} {number}" for number in range(15) for text in TEXTS]
    singles = np.vstack([vectors(engine, text) for text in many[:6]])
    assert vectors(engine, many)[:6] == pytest.approx(singles, abs=2e-3)


def test_similar_texts_are_nearer(engine: Any) -> None:
    container, volume, banana = vectors(engine, TEXTS)
    assert container @ volume > container @ banana + 0.2


def test_the_older_call_gives_the_same_vector(engine: Any) -> None:
    old = engine.post("/api/embeddings", model=EMBED, prompt=TEXTS[0]).json()
    assert set(old) == {"embedding"}
    assert old["embedding"] == pytest.approx(vectors(engine, TEXTS[0])[0].tolist())


def test_the_official_client_embeds(engine: Any) -> None:
    assert len(engine.client.embed(EMBED, TEXTS).embeddings) == 3


def test_dimensions_shorten_and_keep_length_one(engine: Any) -> None:
    short, whole = vectors(engine, TEXTS[0], dimensions=64)[0], vectors(engine, TEXTS[0])[0]
    assert short == pytest.approx(whole[:64] / np.linalg.norm(whole[:64]), abs=1e-5)


@pytest.mark.parametrize("nothing", [{}, {"input": ""}, {"input": []}])
def test_no_text_loads_the_model_only(engine: Any, nothing: dict[str, Any]) -> None:
    answer = engine.post("/api/embed", model=EMBED, **nothing)
    assert (answer.status_code, answer.json()) == (200, {"model": EMBED, "embeddings": []})
    assert "all-minilm:latest" in engine.loaded()


def test_an_empty_prompt_of_the_older_call_gives_nothing(engine: Any) -> None:
    assert engine.post("/api/embeddings", model=EMBED, prompt="").json() == {"embedding": []}


@pytest.mark.parametrize("length", [300, 3000])
def test_a_long_text_is_cut_where_the_model_ends(engine: Any, length: int) -> None:
    words = " ".join(["harbour"] * length)
    longer = words + " and a very different end"
    assert vectors(engine, words)[0] == pytest.approx(vectors(engine, longer)[0], abs=1e-6)
    assert engine.post("/api/embed", model=EMBED, input=words).json()["prompt_eval_count"] == 256


def test_one_long_text_does_not_spoil_the_batch(engine: Any) -> None:
    batch = vectors(engine, [TEXTS[0], "harbour " * 300, TEXTS[1]])
    assert batch[[0, 2]] == pytest.approx(vectors(engine, [TEXTS[0], TEXTS[1]]), abs=2e-3)


def test_without_truncate_a_long_text_is_refused(engine: Any) -> None:
    for words in (300, 3000):
        answer = engine.post("/api/embed", model=EMBED, input=[TEXTS[0], "harbour " * words], truncate=False)
        assert (answer.status_code, answer.json()) == (400, {"error": "the input length exceeds the context length"})


def test_odd_texts_have_vectors(engine: Any) -> None:
    found = vectors(engine, ["", " ", "\n", "日本語の文", "🚢" * 50, "x" * 5000, "[SEP] [MASK]", "\x00"])
    assert found.shape == (8, 384)
    assert not np.isnan(found).any()


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("embed", {"model": "zz", "input": "x"}, 404, 'model "zz" not found, try pulling it first'),
        ("embeddings", {"model": "zz", "prompt": "x"}, 404, 'model "zz" not found, try pulling it first'),
        ("embed", {"input": "x"}, 404, "model '' not found"),
        ("embeddings", {"prompt": "x"}, 400, "model is required"),
        ("embed", {"model": EMBED, "input": 3}, 400, "invalid input type"),
        ("embed", {"model": EMBED, "input": ["a", 3]}, 400, "invalid input type"),
    ],
)
def test_a_request_that_cannot_be_met_gets_ollamas_error(engine: Any, path: str, body: dict[str, Any], status: int, error: str) -> None:
    answer = engine.post(f"/api/{path}", **body)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_a_chat_model_has_no_vectors(engine: Any) -> None:
    answer = engine.post("/api/embed", model="smollm2:135m", input="x")
    assert (answer.status_code, answer.json()) == (501, {"error": "This server does not support embeddings. Start it with `--embeddings`"})


def test_numbers_are_written_short(engine: Any) -> None:
    """A 32-bit float needs at most nine digits: more would be noise that costs time to send and to read."""
    text = engine.post("/api/embed", model=EMBED, input=TEXTS[0]).text
    numbers = text.split("[[")[1].split("]]")[0].split(",")
    assert math.fsum(len(number) for number in numbers) / len(numbers) < 14
