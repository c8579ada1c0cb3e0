"""The store over HTTP."""

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import ollama
import pytest

HEX = re.compile(r"[0-9a-f]{64}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@pytest.fixture
def pirate(engine: Any) -> Iterator[str]:
    """A model made from the chat model, removed afterwards."""
    engine.client.create(model="pirate", from_="smollm2:135m", system="You are a pirate.", parameters={"temperature": 0, "stop": ["END"]})
    yield "pirate"
    engine.http.request("DELETE", "/api/delete", json={"model": "pirate"})


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_root_says_that_ollama_is_running(engine: Any, method: str) -> None:
    answer = engine.http.request(method, "/")
    assert answer.status_code == 200
    assert answer.text == ("Ollama is running" if method == "GET" else "")


def test_the_version_says_that_this_is_the_lab(engine: Any) -> None:
    assert engine.http.get("/api/version").json() == {"version": "0.33.0+lab"}
    assert engine.http.head("/api/version").status_code == 200


def test_tags_lists_models_with_all_fields(engine: Any) -> None:
    models = {model["name"]: model for model in engine.http.get("/api/tags").json()["models"]}
    minilm = models["all-minilm:latest"]
    assert minilm["model"] == "all-minilm:latest"
    assert HEX.fullmatch(minilm["digest"])
    assert TIME.fullmatch(minilm["modified_at"])
    assert minilm["size"] > 40_000_000
    assert minilm["capabilities"] == ["embedding"]
    assert minilm["details"] == {
        "parent_model": "",
        "format": "gguf",
        "family": "bert",
        "families": ["bert"],
        "parameter_size": "23M",
        "quantization_level": "F16",
        "context_length": 512,
        "embedding_length": 384,
    }


def test_an_empty_store_lists_nothing(start_engine: Callable[..., Any], tmp_path: Any) -> None:
    engine = start_engine(OLLAMA_MODELS=str(tmp_path / "empty"))
    assert engine.http.get("/api/tags").json() == {"models": []}
    assert engine.http.get("/api/ps").json() == {"models": []}


def test_the_official_client_lists_the_models(engine: Any) -> None:
    assert {model.model for model in engine.client.list().models} >= {"smollm2:135m", "all-minilm:latest"}


def test_show_describes_the_chat_model(engine: Any) -> None:
    shown = engine.post("/api/show", model="smollm2:135m").json()
    assert shown["capabilities"] == ["completion"]
    assert shown["details"]["quantization_level"] == "Q4_1"
    assert shown["model_info"]["general.architecture"] == "llama"
    assert shown["model_info"]["llama.context_length"] == 8192
    assert shown["model_info"]["general.parameter_count"] == 134515008
    assert shown["model_info"]["tokenizer.ggml.tokens"] == []
    assert shown["modelfile"].startswith("# Modelfile")
    assert {"name", "type", "shape"} == set(shown["tensors"][0])


def test_show_with_verbose_fills_the_lists(engine: Any) -> None:
    info = engine.post("/api/show", model="smollm2:135m", verbose=True).json()["model_info"]
    assert len(info["tokenizer.ggml.tokens"]) == 49152


def test_show_tells_parameters_and_system_of_a_created_model(engine: Any, pirate: str) -> None:
    shown = engine.post("/api/show", model=pirate).json()
    assert shown["system"] == "You are a pirate."
    assert 'stop                           "END"' in shown["parameters"].splitlines()
    assert "temperature                    0" in shown["parameters"].splitlines()
    assert shown["details"]["parent_model"].startswith("smollm2")


def test_the_official_client_shows_a_model(engine: Any) -> None:
    assert engine.client.show("all-minilm").modelinfo["bert.embedding_length"] == 384


def test_a_created_model_answers_under_its_own_name(engine: Any, pirate: str) -> None:
    answer = engine.client.generate(pirate, "Who are you?", options={"num_predict": 4})
    assert answer.model == "pirate"
    assert answer.prompt_eval_count < 30  # its own system prompt instead of the longer one of the template


def test_pull_reports_progress_and_ends_with_success(engine: Any, lines: Callable[..., Any]) -> None:
    answer = engine.post("/api/pull", model="all-minilm")
    assert answer.headers["content-type"] == "application/x-ndjson"
    statuses = [line["status"] for line in lines(answer)]
    assert statuses[0] == "pulling manifest"
    assert statuses[-3:] == ["verifying sha256 digest", "writing manifest", "success"]
    layer = next(line for line in lines(answer) if line["status"].startswith("pulling ") and "digest" in line)
    assert layer["total"] == layer["completed"]


def test_the_official_client_sees_the_progress_of_a_pull(engine: Any) -> None:
    assert [part.status for part in engine.client.pull("smollm2:135m", stream=True)][-1] == "success"


def test_an_unknown_model_cannot_be_pulled(engine: Any, lines: Callable[..., Any]) -> None:
    answer = engine.post("/api/pull", model="no-such-model")
    assert answer.status_code == 200  # "pulling manifest" had been sent
    assert lines(answer)[-1]["error"].startswith("pull model manifest: file does not exist")
    assert engine.post("/api/pull", model="no-such-model", stream=False).status_code == 500


def test_copy_gives_a_second_name(engine: Any) -> None:
    assert engine.post("/api/copy", source="all-minilm", destination="twin").status_code == 200
    digests = {model["name"]: model["digest"] for model in engine.http.get("/api/tags").json()["models"]}
    assert digests["twin:latest"] == digests["all-minilm:latest"]
    deleted = engine.http.request("DELETE", "/api/delete", json={"model": "twin"})
    assert (deleted.status_code, deleted.content) == (200, b"")


def test_a_deleted_model_leaves_the_memory(engine: Any) -> None:
    engine.unload()
    engine.client.create(model="gone", from_="smollm2:135m", system="x")
    engine.ask(model="gone")
    assert list(engine.loaded()) == ["gone:latest"]
    engine.client.delete("gone")
    assert engine.loaded() == {}


def test_a_damaged_model_can_be_deleted(engine: Any, models: Path) -> None:
    engine.client.copy("all-minilm", "broken")
    (models / "manifests/registry.ollama.ai/library/broken/latest").write_bytes(b"damaged")
    shown = engine.post("/api/show", model="broken")
    deleted = engine.http.request("DELETE", "/api/delete", json={"model": "broken"})
    assert "is damaged" in shown.json()["error"]
    assert deleted.status_code == 200
    assert engine.post("/api/show", model="broken").status_code == 404


def test_blobs_are_uploaded_once_and_checked(engine: Any) -> None:
    digest = f"sha256:{hashlib.sha256(b'weights').hexdigest()}"
    path = f"/api/blobs/{digest}"
    assert engine.http.head(path).status_code == 404
    wrong = engine.http.post(path, content=b"other")
    assert wrong.status_code == 400
    got = f"sha256:{hashlib.sha256(b'other').hexdigest()}"
    assert wrong.json()["error"] == f'digest mismatch, expected "{digest}", got "{got}"'
    assert engine.http.post(path, content=b"weights").status_code == 201
    assert engine.http.post(path, content=b"weights").status_code == 200
    assert engine.http.head(path).status_code == 200


def test_an_upload_without_a_length_is_stored(engine: Any) -> None:
    parts = [b"many " * 1000, b"parts"]
    digest = f"sha256:{hashlib.sha256(b''.join(parts)).hexdigest()}"
    assert engine.http.post(f"/api/blobs/{digest}", content=iter(parts)).status_code == 201


def test_a_digest_that_is_none_is_refused(engine: Any) -> None:
    answer = engine.http.post("/api/blobs/sha256:../../x", content=b"x")
    assert answer.status_code in (400, 404)


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("/api/show", {"model": "zz"}, 404, "model 'zz:latest' not found"),
        ("/api/show", {"model": "registry.ollama.ai:443/me/zz"}, 404, "model 'registry.ollama.ai:443/me/zz:latest' not found"),
        ("/api/show", {}, 400, "model is required"),
        ("/api/push", {"model": "all-minilm"}, 501, "push is not supported by this engine"),
        ("/api/copy", {"source": "zz", "destination": "y"}, 404, 'model "zz" not found'),
        ("/api/create", {"model": "y"}, 400, "neither 'from' or 'files' was specified"),
        ("/api/pull", {"model": "bad name!"}, 400, "invalid model name"),
        ("/api/pull", {}, 400, "invalid model name"),
    ],
)
def test_what_cannot_be_done_is_said_in_ollamas_words(engine: Any, path: str, body: dict[str, Any], status: int, error: str) -> None:
    answer = engine.post(path, **body)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_deleting_an_unknown_model_is_an_error_of_the_official_client(engine: Any) -> None:
    with pytest.raises(ollama.ResponseError, match="model 'zz' not found") as refused:
        engine.client.delete("zz")
    assert refused.value.status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/health", 404, "404 page not found"),
        ("GET", "/metrics", 404, "404 page not found"),
        ("GET", "/api/chat", 405, "405 method not allowed"),
        ("DELETE", "/api/tags", 405, "405 method not allowed"),
    ],
)
def test_wrong_paths_and_methods_are_plain_text(engine: Any, method: str, path: str, status: int, text: str) -> None:
    answer: httpx.Response = engine.http.request(method, path)
    assert (answer.status_code, answer.text) == (status, text)
    assert answer.headers["content-type"].startswith("text/plain")
