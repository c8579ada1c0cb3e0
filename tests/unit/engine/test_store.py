"""The store: Ollama's layout on disk, names in any case, and nothing half done."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from lab.engine.errors import DigestMismatch, EngineError, InvalidName, ModelMissing
from lab.engine.gguf_info import read_config, read_info
from lab.engine.store import KEEP_PARTIAL

NO_BLOB = "sha256:" + "0" * 64


def files(store):
    return sorted(path.name for path in store.root.rglob("*") if path.is_file())


def test_files_lie_where_ollama_expects_them(store, add_model):
    digest = add_model("me/tiny:1").weights_digest
    assert (store.root / "manifests/registry.ollama.ai/me/tiny/1").is_file()
    assert (store.root / "blobs" / digest.replace(":", "-")).is_file()


def test_empty_store_lists_nothing(store):
    assert store.list() == []


def test_newest_model_is_listed_first(store, add_model):
    for age, name in enumerate(("newest", "older", "oldest")):
        add_model(name)
        path = store.manifests / "registry.ollama.ai/library" / name / "latest"
        os.utime(path, (1e9 - age, 1e9 - age))
    assert [model.name for model in store.list()] == ["newest:latest", "older:latest", "oldest:latest"]


def test_model_tells_its_layers(add_model):
    model = add_model("x", system="Be brief.", params={"temperature": 0}, messages=[{"role": "user", "content": "Hi"}], license="MIT")
    assert (model.system, model.params, model.licenses) == ("Be brief.", {"temperature": 0}, ["MIT"])
    assert model.messages == [{"role": "user", "content": "Hi"}]
    assert model.template is None


def test_model_tells_what_its_config_says(add_model):
    model = add_model("x")
    assert (model.family, model.families, model.quantization, model.parameter_size) == ("llama", ["llama"], "F32", "6")
    assert (model.context_length, model.embedding_length, model.capabilities) == (64, 3, ["completion"])


def test_config_that_says_little_is_completed_from_the_weights(store, add_model):
    store.blob_path(add_model("x").manifest.config.digest).write_text('{"model_family":"llama"}')
    assert (store.get("x").context_length, store.get("x").capabilities) == (64, ["completion"])


def test_damaged_weights_do_not_break_a_list(store, add_model):
    model = add_model("x")
    store.blob_path(model.manifest.config.digest).write_text('{"model_family":"llama"}')
    store.blob_path(model.weights_digest).write_bytes(b"damaged")
    read_config.cache_clear()
    read_info.cache_clear()
    assert [(m.context_length, m.embedding_length, m.capabilities) for m in store.list()] == [(0, 0, ["completion"])]


def test_name_in_another_case_finds_the_model(store, add_model):
    add_model("Tiny:V1")
    assert store.get("tiny:v1").name == "Tiny:V1"


def test_model_in_another_case_is_replaced_not_doubled(store, add_model):
    add_model("Tiny")
    add_model("tiny")
    assert [model.name for model in store.list()] == ["Tiny:latest"]


def test_missing_model_is_named_in_ollamas_words(store):
    with pytest.raises(ModelMissing) as raised:
        store.get("nope")
    assert (raised.value.status, raised.value.message) == (404, "model 'nope' not found")


def test_copy_shares_all_blobs(store, add_model):
    add_model("x")
    before = files(store)
    store.copy("x", "me/y:1")
    assert store.get("me/y:1").digest == store.get("x").digest
    assert len(files(store)) == len(before) + 1


def test_copy_of_a_missing_model_uses_copys_words(store):
    with pytest.raises(ModelMissing, match='model "nope" not found'):
        store.copy("nope", "x")


def test_copy_to_an_ill_formed_name_is_refused(store, add_model):
    add_model("x")
    with pytest.raises(InvalidName):
        store.copy("x", "../x")


def test_delete_removes_blobs_that_nobody_else_uses(store, add_model):
    add_model("x", system="only x")
    add_model("y")
    store.delete("x")
    assert "only x" not in [path.read_text("latin-1") for path in store.blobs.iterdir()]
    assert store.get("y").gguf.is_file()


def test_deleting_the_last_model_leaves_no_file(store, add_model):
    add_model("x", license="MIT")
    store.delete("X")
    assert files(store) == []
    assert list(store.manifests.iterdir()) == []


def test_delete_of_a_missing_model_says_so(store):
    with pytest.raises(ModelMissing, match="model 'nope' not found"):
        store.delete("nope")


def test_prune_removes_what_no_model_uses(store, add_model):
    used = add_model("x")
    stray = store.add_blob(b"nobody needs this")
    store.prune()
    assert not store.has_blob(stray)
    assert store.get("x") == used


def test_prune_keeps_a_recent_part_of_a_download(store):
    store.blobs.mkdir(parents=True)
    part = store.partial_path(NO_BLOB)
    part.write_bytes(b"half")
    store.prune()
    assert part.exists()
    os.utime(part, (part.stat().st_mtime - KEEP_PARTIAL - 1,) * 2)
    store.prune()
    assert not part.exists()


@pytest.mark.parametrize("path", ["library/x/bad", "library/x/no valid name", "x/y/z"])
def test_a_damaged_manifest_keeps_everything_from_being_pruned(store, add_model, caplog, path):
    add_model("x")
    stray = store.add_blob(b"perhaps the damaged model needs this")
    manifest = store.manifests / "registry.ollama.ai" / path
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_bytes(b"{}")
    store.prune()
    assert store.has_blob(stray)
    assert "corrupt manifests detected, skipping prune operation" in caplog.text


def test_a_damaged_manifest_keeps_blobs_of_deleted_models(store, add_model):
    weights = add_model("x").weights_digest
    add_model("y:good")
    (store.manifests / "registry.ollama.ai/library/y/good").write_bytes(b"damaged, had the same weights")
    store.delete("x")
    assert store.has_blob(weights)


def test_prune_leaves_folders_and_files_of_others(store, add_model):
    used = add_model("x")
    (store.blobs / "folder-partial").mkdir()
    (store.blobs / ("sha256-" + "1" * 64)).mkdir()
    (store.blobs / "notes.txt").write_text("mine")
    os.utime(store.blobs / "folder-partial", (0, 0))
    store.prune()
    assert sorted(path.name for path in store.blobs.iterdir())[0] == "folder-partial"
    assert (store.blobs / "notes.txt").exists()
    assert store.get("x") == used


def test_prune_of_a_store_that_cannot_be_written_is_logged(store, monkeypatch, caplog):
    stray = store.add_blob(b"nobody needs this")

    def refuse(path, missing_ok=False):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.unlink", refuse)
    store.prune()
    assert store.has_blob(stray)
    assert "Permission denied" in caplog.text


def test_blob_with_a_wrong_digest_leaves_nothing(store):
    with pytest.raises(DigestMismatch, match=f'expected "{NO_BLOB}", got "sha256:'):
        store.write_blob([b"some", b"thing"], NO_BLOB)
    assert files(store) == []


def test_blob_whose_source_fails_leaves_nothing(store):
    def broken():
        yield b"some"
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        store.write_blob(broken(), NO_BLOB)
    assert files(store) == []


@pytest.mark.parametrize(
    "digest", ["", "sha256:", "sha256:xyz", "../../etc/passwd", "md5:" + "0" * 32, "sha256:" + "A" * 64, NO_BLOB + "0"]
)
def test_what_is_no_digest_never_becomes_a_path(store, digest):
    with pytest.raises(EngineError) as raised:
        store.blob_path(digest)
    assert raised.value.status == 400


def test_manifest_with_a_missing_blob_is_not_written(store, add_model):
    model = add_model("x")
    store.blob_path(model.weights_digest).unlink()
    with pytest.raises(EngineError, match="the store has no blob"):
        store.write_manifest("y", model.manifest.to_bytes())
    assert store.find("y") is None


def test_replaced_model_names_what_it_no_longer_uses(store, add_model):
    old = add_model("x", system="old")
    unused = store.write_manifest("x", add_model("y", system="new").manifest.to_bytes())
    assert unused == {layer.digest for layer in old.manifest.layers if layer.kind == "system"}


@pytest.mark.parametrize("broken", [b"", b"{}", b"[]", b"not json", b'{"config":{},"layers":[]}', b'{"config":null,"layers":3}'])
def test_broken_manifest_is_left_out_of_the_list_and_named_when_asked_for(store, add_model, broken):
    add_model("good")
    (store.manifests / "registry.ollama.ai/library/good/bad").write_bytes(broken)
    assert [model.name for model in store.list()] == ["good:latest"]
    with pytest.raises(EngineError, match="model 'good:bad' is damaged"):
        store.get("good:bad")


@pytest.mark.parametrize("config", [b"null", b"[]", b'{"model_families":3}', b'{"context_length":"big"}', b"\xff"])
def test_a_damaged_config_breaks_its_own_model_only(store, add_model, config):
    add_model("good")
    add_model("bad")
    digest = store.add_blob(config)
    path = store.manifests / "registry.ollama.ai/library/bad/latest"
    manifest = json.loads(path.read_bytes())
    manifest["config"]["digest"] = digest
    path.write_text(json.dumps(manifest))
    assert [model.name for model in store.list()] == ["good:latest"]
    with pytest.raises(EngineError, match="model 'bad:latest' is damaged") as raised:
        store.get("bad")
    assert raised.value.hint == "Pull or create it again, or remove it: ollama rm bad:latest"


def test_a_damaged_model_can_be_deleted(store, add_model):
    add_model("x")
    (store.manifests / "registry.ollama.ai/library/x/latest").write_bytes(b"damaged")
    assert store.delete("X").short == "x:latest"
    assert store.find("x") is None


def test_stray_files_among_the_manifests_do_no_harm(store, add_model):
    add_model("x")
    (store.manifests / "registry.ollama.ai/library/x/.DS_Store").write_bytes(b"junk")
    (store.manifests / "notes.txt").write_text("junk")
    assert [model.name for model in store.list()] == ["x:latest"]


def test_threads_writing_and_deleting_one_name_leave_a_sound_store(store, add_model):
    data = add_model("keep").manifest.to_bytes()

    def work(_):
        for _ in range(30):
            store.write_manifest("shared", data)
            with suppress(ModelMissing):  # another thread was faster
                store.delete("shared")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert [model.name for model in store.list()] == ["keep:latest"]
    assert store.get("keep").gguf.is_file()
