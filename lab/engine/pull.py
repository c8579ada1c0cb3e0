"""The work of /api/pull, as a generator of status objects.

A model comes from an installed Python package, or from a registry. What is already stored is not fetched again, an interrupted
download goes on where it ended, and a wrong digest leaves nothing behind.
"""

import hashlib
import time
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any

from lab.engine.errors import DigestMismatch, PullError
from lab.engine.gguf_info import read_config
from lab.engine.layers import add_layer, blob_layer, write_model
from lab.engine.manifest import Layer, Manifest
from lab.engine.names import Name
from lab.engine.registry import STALL, ConnectionBroken, Registry, registry_url
from lab.engine.store import Store
from lab.engine.weights import Convert, Weights, find_weights

Status = dict[str, Any]
Unused = set[str]  # digests that only a replaced model used

PROGRESS_EVERY = 0.06  # seconds
TRIES = 6  # connections in a row that bring no byte


def pull(store: Store, name: str, insecure: bool = False, registry: str = "", stall: float = STALL) -> Iterator[Status]:
    """Get the model `name` into the store. Raises InvalidName, PullError or EngineError; the last status is `success`.

    registry: where models without a host in their name come from (OLLAMA_REGISTRY); empty: the installed packages.
    stall: seconds without a byte, after which a connection counts as broken.
    """
    parsed = Name.parse(name)
    url = registry_url(parsed, insecure, registry)
    yield {"status": "pulling manifest"}
    if url:
        with Registry(url, stall) as source:
            unused = yield from _from_registry(store, parsed, source)
    else:
        unused = yield from _from_package(store, parsed)
    if unused:
        yield {"status": "removing unused layers"}
        store.discard(unused)
    yield {"status": "success"}


def _from_registry(store: Store, name: Name, source: Registry) -> Generator[Status, None, Unused]:
    data = source.manifest(name)
    try:
        for layer in Manifest.parse(data).blobs:
            yield from _fetch(store, layer, partial(_download, store, name, layer, source))
    except DigestMismatch as error:
        yield {"status": "verifying sha256 digest"}
        raise PullError(f"digest mismatch, file must be downloaded again: want {error.want}, got {error.got}") from error
    yield {"status": "verifying sha256 digest"}
    yield {"status": "writing manifest"}
    return store.write_manifest(name.full, data)


def _from_package(store: Store, name: Name) -> Generator[Status, None, Unused]:
    weights = find_weights(name)
    if not weights:
        raise PullError("pull model manifest: file does not exist", "Without a registry, only the installed models can be pulled.")
    model = yield from _converted(store, weights, weights.convert) if weights.convert else _copied(store, weights)
    yield {"status": "verifying sha256 digest"}
    yield {"status": "writing manifest"}
    config = read_config(store.blob_path(model.digest)) | {"source": weights.digest}
    with store.lock:  # nobody may remove the small layers before the manifest names them
        layers = [model, add_layer(store, "license", weights.license), add_layer(store, "params", weights.params)]
        return write_model(store, name.full, config, layers)


def _copied(store: Store, weights: Weights) -> Generator[Status, None, Layer]:
    """The layer of weights that llama.cpp reads as they are."""
    layer = Layer.of_kind("model", weights.digest, weights.path().stat().st_size)

    def copy() -> Iterator[int]:
        with store.new_blob(weights.digest) as blob:
            for chunk in weights.chunks():
                blob.write(chunk)
                yield blob.size

    try:
        yield from _fetch(store, layer, copy)
    except DigestMismatch as error:
        raise weights.damaged(error.got) from error
    return layer


def _converted(store: Store, weights: Weights, convert: Convert) -> Generator[Status, None, Layer]:
    """The layer of weights that become GGUF first; once, whatever names the model gets."""
    yield from _hold(store, weights.digest, {"status": "converting model"})
    try:
        layer = _earlier_conversion(store, weights)
        if not layer:
            yield {"status": "converting model"}
            layer = _convert(store, weights, convert)
    finally:
        store.lock_of(weights.digest).release()
    yield _progress(layer, layer.size)
    return layer


def _earlier_conversion(store: Store, weights: Weights) -> Layer | None:
    models = (model for model in store.list() if model.config.get("source") == weights.digest)
    return next((blob_layer(store, "model", model.weights_digest) for model in models if model.gguf.is_file()), None)


def _convert(store: Store, weights: Weights, convert: Convert) -> Layer:
    weights.verify()
    with store.new_file(store.blobs, "conversion-partial-") as path:
        convert(weights.path(), path, weights.title)
        with path.open("rb") as file:
            digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        store.adopt_blob(path, digest, digest)
    return blob_layer(store, "model", digest)


def _fetch(store: Store, layer: Layer, make: Callable[[], Iterator[int]]) -> Iterator[Status]:
    """Make the blob unless it is stored, and tell the bytes so far. A second pull of the same blob waits for the first."""
    yield from _hold(store, layer.digest, _progress(layer, 0))
    try:
        told = 0.0
        for size in make() if not store.has_blob(layer.digest) else ():
            if time.monotonic() - told >= PROGRESS_EVERY:
                told = time.monotonic()
                yield _progress(layer, size)
    finally:
        store.lock_of(layer.digest).release()
    yield _progress(layer, layer.size)


def _hold(store: Store, digest: str, meanwhile: Status) -> Iterator[Status]:
    while not store.lock_of(digest).acquire(timeout=1):
        yield meanwhile  # so that a client that went away is noticed


def _download(store: Store, name: Name, layer: Layer, source: Registry) -> Iterator[int]:
    """Fetch a blob, yielding its size so far. A broken connection is tried again as long as bytes come."""
    with store.resumed_blob(layer.digest) as blob:
        failures = 0
        while blob.size < layer.size:
            before = blob.size
            try:
                with source.blob(name, layer.digest, blob.size) as (start, pieces):
                    if start != blob.size:
                        blob.restart()
                    for piece in pieces:
                        blob.write(piece)
                        yield blob.size
                        if blob.size > layer.size:
                            return  # more than promised: the digest will tell
                if blob.size == before:
                    return  # there is no more: the digest will tell
            except ConnectionBroken as error:
                failures = failures + 1 if blob.size <= before else 0
                if failures >= TRIES:
                    hint = "What has come so far is kept: pull again to go on."
                    raise PullError(f"max retries exceeded: {error}", hint) from error
                time.sleep(min(0.1 * 2**failures, 2))  # give the server time to recover


def _progress(layer: Layer, completed: int) -> Status:
    status = {"status": f"pulling {layer.digest[7:19]}", "digest": layer.digest, "total": layer.size}
    return {**status, "completed": completed} if completed else status
