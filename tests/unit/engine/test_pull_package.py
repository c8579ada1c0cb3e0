"""Pulling from the installed packages."""

from dataclasses import replace

import pytest

from lab.engine import weights as catalogue
from lab.engine.errors import EngineError, InvalidName, PullError
from lab.engine.names import Name
from lab.engine.pull import pull
from lab.engine.weights import CATALOGUE, Weights, find_weights


def words(statuses):
    return [status["status"] for status in statuses]


@pytest.fixture
def tiny_package(tmp_path, tiny_gguf, monkeypatch):
    """A package with the tiny weights, importable and in the catalogue as `tiny`."""
    folder = tmp_path / "packages" / "tiny_weights"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise ImportError('nobody needs to import this')")
    (folder / "tiny.gguf").write_bytes(tiny_gguf.read_bytes())
    monkeypatch.syspath_prepend(folder.parent)

    def entry(sha256: str) -> Weights:
        found = Weights("tiny_weights", "tiny-weights==1", "tiny.gguf", sha256, "Tiny", ("tiny:latest",), "MIT", {"stop": ["x"]})
        monkeypatch.setattr(catalogue, "CATALOGUE", (found,))
        return found

    return entry


@pytest.fixture
def convert_with(monkeypatch):
    """Gives the packages another conversion."""

    def use(convert) -> None:
        changed = tuple(replace(weights, convert=convert) if weights.convert else weights for weights in CATALOGUE)
        monkeypatch.setattr(catalogue, "CATALOGUE", changed)

    return use


def sha256(path):
    return catalogue.hashlib.sha256(path.read_bytes()).hexdigest()


def test_pull_ends_with_success_and_tells_its_steps(store, tiny_package, tiny_gguf):
    tiny_package(sha256(tiny_gguf))
    statuses = list(pull(store, "tiny"))
    short = sha256(tiny_gguf)[:12]
    assert words(statuses) == [
        "pulling manifest",
        *[f"pulling {short}"] * 2,
        "verifying sha256 digest",
        "writing manifest",
        "success",
    ]
    assert statuses[2]["completed"] == statuses[2]["total"] == tiny_gguf.stat().st_size


def test_pulled_model_has_the_layers_of_ollamas_library(store, tiny_package, tiny_gguf):
    tiny_package(sha256(tiny_gguf))
    list(pull(store, "Tiny:latest"))
    model = store.get("tiny")
    assert (model.params, model.licenses, model.family) == ({"stop": ["x"]}, ["MIT"], "llama")
    assert model.gguf.read_bytes() == tiny_gguf.read_bytes()


def test_second_pull_copies_nothing(store, tiny_package, tiny_gguf, monkeypatch):
    tiny_package(sha256(tiny_gguf))
    list(pull(store, "tiny"))
    monkeypatch.setattr(Weights, "chunks", lambda self: pytest.fail("the weights were read again"))
    assert words(pull(store, "tiny"))[-1] == "success"


def test_damaged_package_is_named_and_leaves_nothing(store, tiny_package):
    tiny_package("0" * 64)
    with pytest.raises(PullError, match="digest mismatch in the package tiny-weights==1") as raised:
        list(pull(store, "tiny"))
    assert "--force-reinstall" in raised.value.hint
    assert not store.list() and not list(store.blobs.iterdir())


def test_missing_package_is_named(store, tiny_package, monkeypatch):
    weights = tiny_package("0" * 64)
    (weights.path()).unlink()
    with pytest.raises(PullError, match="tiny-weights==1 with the weights is not installed"):
        list(pull(store, "tiny"))


@pytest.mark.parametrize("name", ["nope", "smollm2:1.7b", "me/smollm2:135m"])
def test_unknown_model_has_ollamas_words(store, name):
    statuses = pull(store, name)
    assert next(statuses) == {"status": "pulling manifest"}
    with pytest.raises(PullError) as raised:
        next(statuses)
    assert raised.value.message == "pull model manifest: file does not exist"


def test_ill_formed_name_is_refused_before_anything_else(store):
    with pytest.raises(InvalidName):
        next(pull(store, "a b"))


def test_abandoned_pull_leaves_nothing_and_blocks_nobody(store, tiny_package, tiny_gguf, monkeypatch):
    weights = tiny_package(sha256(tiny_gguf))
    monkeypatch.setattr(Weights, "chunks", lambda self: iter([b"a part", b"another"]))
    statuses = pull(store, "tiny")
    assert next(statuses) and "digest" in next(statuses)
    statuses.close()
    assert list(store.blobs.iterdir()) == []
    assert store.lock_of(weights.digest).acquire(blocking=False)


@pytest.mark.parametrize("weights", CATALOGUE, ids=lambda weights: weights.title)
def test_published_weights_are_installed_unchanged(weights):
    weights.verify()


@pytest.mark.parametrize("name", ["smollm2:135m", "SmolLM2", "all-minilm", "all-minilm:22m", "all-minilm:l6-v2", "multilingual-e5-small"])
def test_library_names_find_their_package(name):
    assert find_weights(Name.parse(name))


def test_conversion_happens_once_for_all_names(store, convert_with):
    first = list(pull(store, "all-minilm"))
    convert_with(lambda *args: pytest.fail("converted again"))
    second = list(pull(store, "all-minilm:22m"))
    assert ("converting model" in words(first), "converting model" in words(second)) == (True, False)
    assert store.get("all-minilm").digest == store.get("all-minilm:22m").digest


def test_failed_conversion_leaves_nothing_and_blocks_nobody(store, convert_with, monkeypatch):
    def fail(source, target, name):
        target.write_bytes(b"half")
        raise EngineError(500, "broken")

    convert_with(fail)
    with pytest.raises(EngineError, match="broken"):
        list(pull(store, "all-minilm"))
    assert list(store.blobs.iterdir()) == []
    monkeypatch.undo()
    assert words(pull(store, "all-minilm"))[-1] == "success"
