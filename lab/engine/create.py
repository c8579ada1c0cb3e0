"""The work of /api/create, as a generator of status objects: a model from another one, or from uploaded files."""

import hashlib
from collections.abc import Generator, Iterator
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from lab.engine.errors import EngineError, NoAdapters
from lab.engine.gguf_info import is_gguf, read_config, read_info
from lab.engine.layers import Content, add_layer, blob_layer, to_bytes, write_model
from lab.engine.manifest import Layer, check_digest
from lab.engine.model import Model
from lab.engine.names import Name
from lab.engine.options import merge_options
from lab.engine.pull import Status, pull
from lab.engine.requests import DICT, LIST, STRING, check_type
from lab.engine.store import Store
from lab.engine.template import validate

NO_QUANTIZING = (
    "create-time quantization is only supported for safetensors imports; quantize GGUF models with llama.cpp tools before importing"
)


class Base(NamedTuple):
    """What a new model starts with."""

    config: dict[str, Any]
    layers: list[Layer]
    params: dict[str, Any]


def create(store: Store, request: dict[str, Any], registry: str = "") -> Iterator[Status]:
    """Make the model that `request` (the body of /api/create) asks for. Raises EngineError; the last status is `success`.

    A model that `from` names and the store lacks is pulled first. What the request does not set is inherited.
    """
    name = Name.parse(str(request.get("model") or request.get("name") or ""))
    _check(request)
    parent = request.get("from")
    base = yield from _from_model(store, parent, registry) if parent else _from_files(store, request["files"])
    config = base.config | {key: request[key] for key in ("renderer", "parser", "requires") if request.get(key)}
    kept, added = _changed(base, request)
    for layer in kept:
        yield {"status": f"using existing layer {layer.digest}"}
    for _, content in added:
        digest = f"sha256:{hashlib.sha256(to_bytes(content)).hexdigest()}"
        yield {"status": f"{'using existing' if store.has_blob(digest) else 'creating new'} layer {digest}"}
    yield {"status": "writing manifest"}
    with store.lock:  # nobody may remove the small layers before the manifest names them
        store.discard(write_model(store, name.full, config, [*kept, *(add_layer(store, *item) for item in added)]))
    yield {"status": "success"}


def _check(request: dict[str, Any]) -> None:
    if request.get("adapters"):
        raise NoAdapters
    if request.get("quantize") or request.get("quantization"):
        raise EngineError(400, NO_QUANTIZING)
    if not request.get("from") and not request.get("files"):
        raise EngineError(400, "neither 'from' or 'files' was specified")
    _check_types(request)
    try:
        validate(request.get("template") or "")
    except EngineError as error:
        raise EngineError(400, f"template error: {error.message}") from error
    try:
        merge_options(request.get("parameters"))
    except EngineError as error:
        raise EngineError(400, error.message) from error


def _check_types(request: dict[str, Any]) -> None:
    """Types inside the fields; those of the fields themselves are checked with every request."""
    licenses = request.get("license") or []
    check_type("CreateRequest.license", licenses, STRING + LIST, "string")
    inside = {
        "files": (list((request.get("files") or {}).values()), STRING, "string"),
        "license": (licenses if isinstance(licenses, list) else [], STRING, "string"),
        "messages": (request.get("messages") or [], DICT, "api.Message"),
    }
    for name, (values, types, go_type) in inside.items():
        for value in values:
            check_type(f"CreateRequest.{name}", value, types, go_type)


def _from_model(store: Store, name: str, registry: str) -> Generator[Status, None, Base]:
    if not store.find(name):
        for status in pull(store, name, registry=registry):
            if status["status"] != "success":  # the end of this pull is not the end of the work
                yield status
    model = store.get(name)
    return Base(model.config, [_with_parent(layer, model) for layer in model.manifest.layers], model.params)


def _with_parent(layer: Layer, model: Model) -> Layer:
    return Layer(layer.media_type, layer.digest, layer.size, model.name) if layer.kind == "model" else layer


def _from_files(store: Store, files: dict[str, str]) -> Generator[Status, None, Base]:
    for path, digest in files.items():
        _check_file(store, path, digest)
    if len(files) > 1:
        raise EngineError(400, "a model is made from one GGUF file; split models and projectors are not supported here")
    yield {"status": "parsing GGUF"}
    digest = check_digest(next(iter(files.values())))
    if read_info(store.blob_path(digest)).metadata.get("general.type") == "adapter":
        raise NoAdapters
    return Base(read_config(store.blob_path(digest)), [blob_layer(store, "model", digest)], {})


def _check_file(store: Store, path: str, digest: str) -> None:
    if not path or PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or "\\" in path or ":" in path:
        raise EngineError(400, f"file path must be relative: {path}")
    if not store.has_blob(digest):
        raise EngineError(400, f"blob not found for {path} (digest {digest})", "Upload the file first, to /api/blobs.")
    if path.endswith(".safetensors"):
        raise EngineError(400, "supplied file was not in GGUF format")
    if not is_gguf(store.blob_path(digest)):
        raise EngineError(400, "supplied file was not in GGUF format" if path.endswith(".gguf") else "unknown type")


def _changed(base: Base, request: dict[str, Any]) -> tuple[list[Layer], list[tuple[str, Content]]]:
    """The layers that stay, and the contents of new ones: texts and messages replace, parameters join, licenses are added."""
    added: list[tuple[str, Content]] = [(kind, request[kind]) for kind in ("template", "system", "messages") if request.get(kind)]
    given = {key: value for key, value in (request.get("parameters") or {}).items() if value is not None}
    if given:
        added.append(("params", {**base.params, **given}))
    replaced = {kind for kind, _ in added}
    licenses = request.get("license") or []
    added += [("license", text) for text in ([licenses] if isinstance(licenses, str) else licenses) if text]
    return [layer for layer in base.layers if layer.kind not in replaced], added
