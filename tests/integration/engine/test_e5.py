"""multilingual-e5-small: pulled, shown, used and removed as every other model, by the official client and by the command."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import ollama
import pytest

E5 = "multilingual-e5-small"
QUESTION = "query: コンテナを消してもデータを残すには？"
PASSAGES = [
    "passage: Files in a named volume stay when the container is removed.",
    "passage: ボリュームに書いたファイルは、コンテナを削除しても残ります。",
    "passage: Bananas are yellow and grow in warm countries.",
    "passage: 今日の昼ご飯はカレーでした。",
]
LONG = ["harbour " * 700, "港" * 1800, "㎨" * 160]  # the last: 480 bytes that are 640 tokens, because each sign becomes four


@pytest.fixture(scope="module")
def progress(engine: Any) -> Iterator[list[Any]]:
    """What the first pull of the model tells. It is removed when the tests of this module have ended."""
    yield list(engine.client.pull(E5, stream=True))
    engine.client.delete(E5)


@pytest.fixture
def e5(engine: Any, progress: list[Any]) -> Any:
    """The engine, with the model in its store."""
    return engine


@pytest.fixture
def command(e5: Any, tmp_path: Any) -> Callable[..., Any]:
    """Runs the command as people do: `command("list")`."""

    def run(*arguments: str, text: str = "") -> Any:
        variables = {**os.environ, "LAB_HOME": str(tmp_path), "NO_COLOR": "1", "OLLAMA_HOST": e5.url}
        asked = [sys.executable, "-m", "lab.engine", *arguments]
        return subprocess.run(asked, env=variables, input=text, capture_output=True, text=True, timeout=120)

    return run


def vectors(engine: Any, texts: Any, **more: Any) -> np.ndarray[Any, Any]:
    return np.array(engine.client.embed(E5, texts, **more).embeddings)


def test_the_first_pull_converts_and_tells_its_progress(progress: list[Any]) -> None:
    statuses = [part.status for part in progress]
    assert statuses[:2] == ["pulling manifest", "converting model"]
    assert statuses[-3:] == ["verifying sha256 digest", "writing manifest", "success"]
    assert progress[2].completed == progress[2].total > 70_000_000


def test_a_second_pull_converts_nothing(e5: Any) -> None:
    assert "converting model" not in [part.status for part in e5.client.pull(E5, stream=True)]


def test_tags_lists_the_model_with_all_fields(e5: Any) -> None:
    listed = next(model for model in e5.http.get("/api/tags").json()["models"] if model["name"] == f"{E5}:latest")
    assert listed["capabilities"] == ["embedding"]
    assert listed["details"] == {
        "parent_model": "",
        "format": "gguf",
        "family": "bert",
        "families": ["bert"],
        "parameter_size": "117M",
        "quantization_level": "Q4_0",
        "context_length": 512,
        "embedding_length": 384,
    }


def test_show_describes_the_model(e5: Any) -> None:
    shown = e5.client.show(E5)
    assert shown.capabilities == ["embedding"]
    assert (shown.modelinfo["bert.embedding_length"], shown.modelinfo["bert.context_length"]) == (384, 512)
    assert "MIT License" in shown.license


def test_vectors_have_384_numbers_and_length_one(e5: Any) -> None:
    found = vectors(e5, PASSAGES)
    assert found.shape == (4, 384)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_question_is_nearest_to_its_answer_in_both_languages(e5: Any) -> None:
    english, japanese, *others = vectors(e5, PASSAGES) @ vectors(e5, QUESTION)[0]
    assert min(english, japanese) > max(others) + 0.02


def test_a_batch_gives_what_single_texts_give(e5: Any) -> None:
    many = [f"{text} {number}" for number in range(10) for text in PASSAGES]
    singles = np.vstack([vectors(e5, text) for text in many[:5]])
    assert np.sum(vectors(e5, many)[:5] * singles, axis=1) == pytest.approx(1, abs=1e-4)


def test_no_prefix_is_added(e5: Any) -> None:
    """`query: volume` has three tokens more than `volume`, and another vector."""
    plain, asked = e5.client.embed(E5, "volume"), e5.client.embed(E5, "query: volume")
    assert (plain.prompt_eval_count, asked.prompt_eval_count) == (3, 6)
    assert np.dot(plain.embeddings[0], asked.embeddings[0]) < 0.99


@pytest.mark.parametrize(("written", "plain"), [("ｺﾝﾃﾅのﾃﾞｰﾀ", "コンテナのデータ"), ("Ｄｏｃｋｅｒ　１２", "Docker 12")])
def test_half_and_full_width_make_no_difference(e5: Any, written: str, plain: str) -> None:
    one, other = vectors(e5, [f"query: {written}", f"query: {plain}"])
    assert one @ other == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("text", LONG)
def test_a_long_text_is_cut_where_the_model_ends(e5: Any, text: str) -> None:
    answer = e5.client.embed(E5, [PASSAGES[0], "passage: " + text, "passage: " + text + " and another end"])
    assert np.dot(answer.embeddings[1], answer.embeddings[2]) == pytest.approx(1, abs=1e-4)
    assert e5.client.embed(E5, "passage: " + text).prompt_eval_count == 512


@pytest.mark.parametrize("text", LONG)
def test_without_truncate_a_long_text_is_refused(e5: Any, text: str) -> None:
    with pytest.raises(ollama.ResponseError, match="the input length exceeds the context length") as raised:
        e5.client.embed(E5, [PASSAGES[0], text], truncate=False)
    assert raised.value.status_code == 400


def test_odd_texts_have_vectors(e5: Any) -> None:
    found = vectors(e5, ["", " ", "\n", "👩‍💻🇯🇵" * 40, "x" * 5000, "</s> <mask> ▁", "\x00", "\u0301", "𓀀𓀁𓀂"])
    assert found.shape == (9, 384)
    assert not np.isnan(found).any()


def test_both_embedding_models_are_in_memory_and_one_is_freed(e5: Any, wait_until: Callable[..., Any]) -> None:
    e5.unload()
    e5.client.embed(E5, "query: x")
    e5.client.embed("all-minilm", "x")
    assert set(e5.loaded()) == {f"{E5}:latest", "all-minilm:latest"}
    e5.client.embed(E5, "", keep_alive=0)
    wait_until(lambda: set(e5.loaded()) == {"all-minilm:latest"})


def test_it_does_not_chat(e5: Any) -> None:
    with pytest.raises(ollama.ResponseError, match="does not support chat"):
        e5.client.chat(E5, [{"role": "user", "content": "hello"}])


def test_the_command_pulls_shows_and_runs_it(command: Callable[..., Any]) -> None:
    assert command("pull", E5).stderr.splitlines()[-1] == "success"
    shown = command("show", E5).stdout
    assert "embedding length    384" in shown and "Q4_0" in shown
    done = command("run", E5, text="query: a text")
    assert (done.returncode, len(done.stdout.split(","))) == (0, 384)


def test_the_shown_modelfile_makes_the_model_again(command: Callable[..., Any], e5: Any, tmp_path: Any) -> None:
    """So a native Ollama gets it, whose library has no model of this name."""
    (tmp_path / "Modelfile").write_text(command("show", E5, "--modelfile").stdout)
    done = command("create", "again", "-f", str(tmp_path / "Modelfile"))
    assert done.stderr.splitlines()[-1] == "success"
    assert np.array(e5.client.embed("again", QUESTION).embeddings) == pytest.approx(vectors(e5, QUESTION))
    assert command("rm", "again").stdout == "deleted 'again'\n"


def test_a_deleted_model_is_gone_and_can_be_pulled_again(e5: Any) -> None:
    e5.client.delete(E5)
    with pytest.raises(ollama.ResponseError, match="not found"):
        e5.client.embed(E5, "query: x")
    assert "converting model" in [part.status for part in e5.client.pull(E5, stream=True)]
    assert vectors(e5, QUESTION).shape == (1, 384)
