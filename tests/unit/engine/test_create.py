"""/api/create: what a new model inherits, what it replaces, and Ollama's words for what cannot be."""

import pytest

from lab.engine.create import create
from lab.engine.errors import EngineError

NO_BLOB = "sha256:" + "0" * 64


def make(store, **request):
    return list(create(store, {"model": "new", **request}))


def test_steps_are_told_as_ollama_tells_them(store, add_model):
    base = add_model("base", system="old")
    statuses = [status["status"] for status in make(store, **{"from": "base"}, template="{{ .Prompt }}")]
    assert statuses[0] == f"using existing layer {base.weights_digest}"
    assert statuses[2].startswith("creating new layer sha256:")
    assert statuses[-2:] == ["writing manifest", "success"]


def test_everything_not_set_is_inherited(store, add_model):
    add_model("base", system="S", template="T", params={"seed": 1}, messages=[{"role": "user", "content": "m"}], license="L")
    make(store, **{"from": "BASE"})
    new, base = store.get("new"), store.get("base")
    assert (new.system, new.template, new.params, new.messages, new.licenses) == ("S", "T", {"seed": 1}, base.messages, ["L"])
    assert (new.gguf, new.config) == (base.gguf, base.config)


def test_parent_is_remembered(store, add_model):
    add_model("base")
    make(store, **{"from": "base"})
    assert (store.get("new").parent_model, store.get("base").parent_model) == ("base:latest", "")


def test_parameters_join_key_by_key(store, add_model):
    add_model("base", params={"stop": ["a"], "seed": 1})
    make(store, **{"from": "base"}, parameters={"stop": ["b"], "temperature": 0, "top_k": None})
    assert store.get("new").params == {"stop": ["b"], "seed": 1, "temperature": 0}


def test_texts_and_messages_replace(store, add_model):
    add_model("base", system="S", template="T", messages=[{"role": "user", "content": "old"}])
    make(store, **{"from": "base"}, system="S2", template="{{ .Prompt }}", messages=[{"role": "user", "content": "new"}])
    new = store.get("new")
    assert (new.system, new.template, new.messages) == ("S2", "{{ .Prompt }}", [{"role": "user", "content": "new"}])


@pytest.mark.parametrize(("given", "stored"), [("B", ["A", "B"]), (["B", "C"], ["A", "B", "C"]), (None, ["A"]), ("", ["A"])])
def test_licenses_are_added(store, add_model, given, stored):
    add_model("base", license="A")
    make(store, **{"from": "base"}, license=given)
    assert store.get("new").licenses == stored


def test_uploaded_file_becomes_a_model(store, tiny_gguf):
    digest = store.add_blob(tiny_gguf.read_bytes())
    statuses = make(store, files={"tiny.gguf": digest}, system="S")
    assert statuses[0] == {"status": "parsing GGUF"}
    assert (store.get("new").family, store.get("new").system) == ("llama", "S")


def test_making_a_model_again_leaves_no_old_layer(store, add_model):
    add_model("base")
    make(store, **{"from": "base"}, system="first")
    before = len(list(store.blobs.iterdir()))
    make(store, **{"from": "base"}, system="second")
    assert len(list(store.blobs.iterdir())) == before


def test_model_can_be_made_from_itself(store, add_model):
    add_model("new", system="S", license="L")
    make(store, **{"from": "new"}, system="S2")
    assert (store.get("new").system, store.get("new").licenses) == ("S2", ["L"])


def test_missing_base_is_pulled_and_success_comes_once(store):
    statuses = [status["status"] for status in make(store, **{"from": "all-minilm"})]
    assert statuses[0] == "pulling manifest"
    assert statuses.count("success") == 1 and statuses[-1] == "success"


@pytest.mark.parametrize(
    ("request_", "status", "message"),
    [
        ({"model": "a b", "from": "base"}, 400, "invalid model name"),
        ({"model": "", "from": "base"}, 400, "invalid model name"),
        ({}, 400, "neither 'from' or 'files' was specified"),
        ({"from": "a b"}, 400, "invalid model name"),
        ({"from": "unknown"}, 500, "pull model manifest: file does not exist"),
        ({"from": "base", "adapters": {"a": NO_BLOB}}, 400, "LoRA adapters are no longer supported"),
        ({"from": "base", "quantize": "q4_0"}, 400, "create-time quantization is only supported for safetensors imports"),
        ({"from": "base", "template": "{{ if }}"}, 400, "template error: template: :1: missing value for command"),
        ({"from": "base", "parameters": {"num_ctx": "big"}}, 400, 'option "num_ctx" must be of type integer'),
        ({"files": {"x.gguf": NO_BLOB}}, 400, f"blob not found for x.gguf (digest {NO_BLOB})"),
        ({"files": {"x.gguf": "sha256:1"}}, 400, "invalid digest format"),
        ({"files": {"/x.gguf": NO_BLOB}}, 400, "file path must be relative"),
        ({"files": {"../x.gguf": NO_BLOB}}, 400, "file path must be relative"),
    ],
)
def test_what_cannot_be_made_is_named_and_changes_nothing(store, add_model, request_, status, message):
    add_model("base")
    with pytest.raises(EngineError) as raised:
        list(create(store, {"model": "new", **request_}))
    assert raised.value.status == status
    assert raised.value.message.startswith(message)
    assert [model.name for model in store.list()] == ["base:latest"]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("x.gguf", b"PK\x03\x04", "supplied file was not in GGUF format"),
        ("x.gguf", b"GGUF\x03\0\0\0", "supplied file was not in GGUF format"),
        ("model.safetensors", b"\x08\0\0\0\0\0\0\0{}", "supplied file was not in GGUF format"),
        ("x", b"anything", "unknown type"),
        ("x.gguf", b"", "supplied file was not in GGUF format"),
    ],
)
def test_file_that_is_no_gguf_is_refused(store, name, data, message):
    digest = store.add_blob(data)
    with pytest.raises(EngineError) as raised:
        make(store, files={name: digest})
    assert (raised.value.status, raised.value.message) == (400, message)


@pytest.mark.parametrize(
    ("field", "value"), [("license", 5), ("license", [5]), ("messages", ["hi"]), ("files", {"x.gguf": 5}), ("files", {"x.gguf": None})]
)
def test_a_wrong_type_inside_a_field_is_named_and_stores_nothing(store, add_model, field, value):
    add_model("x")
    before = sorted(store.root.rglob("*"))
    with pytest.raises(EngineError, match=f"Go struct field CreateRequest.{field} of type") as raised:
        list(create(store, {"model": "y", "from": "x", field: value}))
    assert raised.value.status == 400
    assert sorted(store.root.rglob("*")) == before
