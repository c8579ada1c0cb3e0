"""A store in a temporary folder, and a GGUF file of a few hundred bytes."""

from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import settings

from lab.engine.gguf_info import read_config
from lab.engine.layers import add_layer, write_model
from lab.engine.manifest import Layer
from lab.engine.model import Model
from lab.engine.store import Store

# The machine may be busy: a slow example is no failure.
settings.register_profile("engine", deadline=None)
settings.load_profile("engine")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


@pytest.fixture
def tiny_gguf(tmp_path: Path) -> Path:
    """A file with the form of a model and no sense: 2 x 3 numbers."""
    path = tmp_path / "tiny.gguf"
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(3)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_chat_template("{{ messages }}")
    writer.add_token_list([b"a", "\u2581あ".encode()])
    writer.add_tensor("token_embd.weight", np.ones((2, 3), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def add_model(store: Store, tiny_gguf: Path) -> Callable[..., Model]:
    """Puts a model with the tiny weights into the store; layers by kind: add_model("x", system="Be brief.")."""

    def add(name: str, **layers: object) -> Model:
        digest = store.add_blob(tiny_gguf.read_bytes())
        config = dict(read_config(store.blob_path(digest)))
        weights = Layer.of_kind("model", digest, tiny_gguf.stat().st_size)
        write_model(store, name, config, [weights, *(add_layer(store, kind, content) for kind, content in layers.items())])
        return store.get(name)

    return add
