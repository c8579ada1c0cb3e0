"""Manifests: which layers a model consists of, in Ollama's and Docker's format."""

import json
import re
from dataclasses import dataclass
from typing import Any

from lab.engine.errors import EngineError

MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"
_LAYER_PREFIX = "application/vnd.ollama.image."
_DIGEST = re.compile(r"sha256[:-]([0-9a-f]{64})")


def check_digest(digest: str) -> str:
    """`digest` in the form sha256:HEX. Raises EngineError: a digest becomes a file name, so nothing else may pass."""
    match = _DIGEST.fullmatch(digest)
    if not match:
        raise EngineError(400, f"invalid digest format: {digest[:100]}")
    return f"sha256:{match[1]}"


@dataclass(frozen=True)
class Layer:
    """One blob of a model: what it is, its digest (sha256:HEX) and its size in bytes."""

    media_type: str
    digest: str
    size: int
    parent: str = ""  # the model that the layer was taken from, if any

    @classmethod
    def of_kind(cls, kind: str, digest: str, size: int, parent: str = "") -> "Layer":
        """A layer of Ollama's kind `model`, `template`, `system`, `params`, `messages` or `license`."""
        return cls(_LAYER_PREFIX + kind, digest, size, parent)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Layer":
        """A checked layer from a manifest's JSON."""
        return cls(str(value["mediaType"]), check_digest(str(value["digest"])), int(value["size"]), str(value.get("from", "")))

    @property
    def kind(self) -> str:
        """`model`, `template`, …; empty for a layer that is not Ollama's."""
        return self.media_type.removeprefix(_LAYER_PREFIX) if self.media_type.startswith(_LAYER_PREFIX) else ""

    def to_json(self) -> dict[str, Any]:
        """As the manifest holds it."""
        value = {"mediaType": self.media_type, "digest": self.digest, "size": self.size}
        return {**value, "from": self.parent} if self.parent else value


@dataclass(frozen=True)
class Manifest:
    """The config blob and the layers of one model."""

    config: Layer
    layers: tuple[Layer, ...]

    @classmethod
    def parse(cls, data: bytes) -> "Manifest":
        """Read a manifest. Raises EngineError when it is not one."""
        try:
            value = json.loads(data)
            return cls(Layer.from_json(value["config"]), tuple(Layer.from_json(layer) for layer in value["layers"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise EngineError(500, f"invalid manifest: {error}") from error

    @property
    def blobs(self) -> tuple[Layer, ...]:
        """All layers, then the config: the order in which Ollama fetches them."""
        return (*self.layers, self.config)

    @property
    def size(self) -> int:
        """Bytes of all blobs."""
        return sum(layer.size for layer in self.blobs)

    def to_bytes(self) -> bytes:
        """The manifest file. Its sha256 is the model's digest, so the same model gives the same bytes."""
        layers = [layer.to_json() for layer in self.layers]
        value = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": self.config.to_json(), "layers": layers}
        return json.dumps(value, separators=(",", ":")).encode()
