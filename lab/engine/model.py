"""A model as the store holds it."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from lab.engine.errors import EngineError
from lab.engine.manifest import Manifest

_CONFIG_TYPES = {"model_families": list, "capabilities": list, "context_length": int, "embedding_length": int}


@dataclass(frozen=True)
class Model:
    """One model: its weights and everything its layers say about it."""

    name: str  # short, with the tag: smollm2:135m
    full_name: str  # registry.ollama.ai/library/smollm2:135m
    digest: str  # sha256 of the manifest file, hex
    size: int  # bytes of all blobs
    modified_at: datetime  # with time zone
    gguf: Path  # the weights
    manifest: Manifest
    template: str | None = None  # a Go template; None: the GGUF's own chat template
    system: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, str]] = field(default_factory=list)
    licenses: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def family(self) -> str:
        """The architecture: llama, bert, …."""
        return str(self.config.get("model_family") or "")

    @property
    def families(self) -> list[str]:
        """All architectures of the model; one, unless it also reads images."""
        return list(self.config.get("model_families") or ([self.family] if self.family else []))

    @property
    def parameter_size(self) -> str:
        """For people: 135M."""
        return str(self.config.get("model_type") or "")

    @property
    def quantization(self) -> str:
        """How the weights are stored: F16, Q4_1, …."""
        return str(self.config.get("file_type") or "")

    @property
    def context_length(self) -> int:
        """Tokens that the model was trained to read at once."""
        return int(self.config.get("context_length") or self._from_weights("context_length") or 0)

    @property
    def embedding_length(self) -> int:
        """Numbers in one of the model's vectors."""
        return int(self.config.get("embedding_length") or self._from_weights("embedding_length") or 0)

    @property
    def capabilities(self) -> list[str]:
        """`completion` for a model that writes, `embedding` for one that makes vectors."""
        return list(self.config.get("capabilities") or self._from_weights("capabilities") or ["completion"])

    @property
    def parent_model(self) -> str:
        """The model that this one was created from, or empty."""
        return next((layer.parent for layer in self.manifest.layers if layer.kind == "model"), "")

    @property
    def weights_digest(self) -> str:
        """Digest of the blob with the weights."""
        return next(layer.digest for layer in self.manifest.layers if layer.kind == "model")

    def _from_weights(self, name: str) -> Any:
        """What the config of a model from a public registry leaves out. Damaged weights must not break a list of models."""
        from lab.engine.gguf_info import read_config

        with suppress(EngineError):
            return read_config(self.gguf)[name]
        return None


def _of_type(kind: type, text: str) -> Any:
    """A layer's JSON. Raises ValueError when it is something else: one damaged model must not break the list of all."""
    value = json.loads(text)
    if not isinstance(value, kind):
        raise ValueError(f"a layer holds no JSON {kind.__name__}")
    return value


def read_layers(manifest: Manifest, blob: Any) -> dict[str, Any]:
    """The fields of a Model that come from its blobs; `blob(digest)` is the path of one."""
    texts: dict[str, list[str]] = {}
    for layer in manifest.layers:
        if layer.kind in ("template", "system", "license", "params", "messages"):
            texts.setdefault(layer.kind, []).append(blob(layer.digest).read_text("utf-8"))
    config = _of_type(dict, blob(manifest.config.digest).read_text("utf-8"))
    for name, kind in _CONFIG_TYPES.items():
        if not isinstance(config.get(name), kind | None):
            raise ValueError(f"the config's {name} is no {kind.__name__}")
    return {
        "config": config,
        "template": texts.get("template", [None])[-1],
        "system": texts.get("system", [None])[-1],
        "params": _of_type(dict, texts.get("params", ["{}"])[-1]),
        "messages": _of_type(list, texts.get("messages", ["[]"])[-1]),
        "licenses": texts.get("license", []),
    }
