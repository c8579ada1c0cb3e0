"""From parts to a model: layers and config blob, then the manifest."""

import json
from collections.abc import Iterable
from typing import Any

from lab.engine.manifest import CONFIG_TYPE, Layer, Manifest
from lab.engine.store import Store

Content = str | dict[str, Any] | list[Any]


def to_bytes(content: Content) -> bytes:
    """What a layer's blob holds: a text as it is, parameters and messages as JSON."""
    return (content if isinstance(content, str) else _json(content)).encode()


def add_layer(store: Store, kind: str, content: Content) -> Layer:
    """Store a text, parameters or messages as a layer."""
    data = to_bytes(content)
    return Layer.of_kind(kind, store.add_blob(data), len(data))


def blob_layer(store: Store, kind: str, digest: str, parent: str = "") -> Layer:
    """A layer of a blob that is stored already."""
    return Layer.of_kind(kind, digest, store.blob_path(digest).stat().st_size, parent)


def write_model(store: Store, name: str, config: dict[str, Any], layers: Iterable[Layer]) -> set[str]:
    """Make `name` the model of these layers. Returns the digests that only the replaced model may have used."""
    data = _json(config).encode()
    manifest = Manifest(Layer(CONFIG_TYPE, store.add_blob(data), len(data)), tuple(layers))
    return store.write_manifest(name, manifest.to_bytes())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
