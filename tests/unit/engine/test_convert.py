"""all-MiniLM as GGUF: the same bytes each time, the same tokens and the same vectors as the reference."""

import json
import math
from pathlib import Path

import gguf
import numpy as np
import pytest
from safetensors.numpy import load_file

from lab.engine.convert import convert_bert
from lab.engine.errors import EngineError
from lab.engine.gguf_info import read_info
from lab.engine.weights import CATALOGUE

MINILM = next(weights for weights in CATALOGUE if weights.convert is convert_bert)
TEXTS = [
    "Are my models deleted when I remove the container?",
    "コンテナを削除すると、モデルも消えますか。",
    "Crème brûlée, naïve café: 50 % off!",
    "x",
    "",
    "A volume keeps files outside of the container's own layer. " * 6,
]


@pytest.fixture(scope="module")
def converted(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("converted") / "minilm.gguf"
    convert_bert(MINILM.path(), path, MINILM.title)
    return path


@pytest.fixture(scope="module")
def tokenizer():
    from tokenizers import Tokenizer

    reference = Tokenizer.from_file(str(MINILM.path().parent / "tokenizer.json"))
    reference.no_truncation()
    reference.no_padding()
    return reference


@pytest.fixture(scope="module")
def llama(converted):
    """The converted model in llama.cpp."""
    import xllamacpp as xlc

    params = xlc.CommonParams()
    params.model.path = str(converted)
    params.embedding, params.warmup, params.verbosity, params.n_parallel = True, False, 0, 1
    params.n_ctx = params.n_batch = params.n_ubatch = 512
    return xlc.Server(params)


@pytest.fixture(scope="module")
def bert():
    """BERT in numpy, straight from the published weights: tokens in, one normalised vector out."""
    folder = MINILM.path().parent
    weights = {name: value.astype(np.float64) for name, value in load_file(folder / "model.safetensors").items() if value.dtype != np.int64}
    config = json.loads((folder / "config.json").read_text())
    heads, eps = config["num_attention_heads"], config["layer_norm_eps"]
    erf = np.vectorize(math.erf)

    def dense(x, name):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt(x.var(-1, keepdims=True) + eps) * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def attend(x, layer):
        q, k, v = (
            dense(x, f"{layer}.attention.self.{part}").reshape(len(x), heads, -1).transpose(1, 0, 2) for part in ("query", "key", "value")
        )
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (scores / scores.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(len(x), -1)
        return norm(x + dense(mixed, f"{layer}.attention.output.dense"), f"{layer}.attention.output.LayerNorm")

    def encode(ids):
        x = weights["embeddings.word_embeddings.weight"][ids] + weights["embeddings.position_embeddings.weight"][: len(ids)]
        x = norm(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for number in range(config["num_hidden_layers"]):
            layer = f"encoder.layer.{number}"
            x = attend(x, layer)
            inner = dense(x, f"{layer}.intermediate.dense")
            gelu = inner * 0.5 * (1 + erf(inner / math.sqrt(2)))
            x = norm(x + dense(gelu, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
        mean = x.mean(0)
        return mean / np.linalg.norm(mean)

    return encode


@pytest.mark.parametrize("text", TEXTS)
def test_vector_equals_the_reference(llama, bert, tokenizer, text):
    vector = np.array(llama.handle_embeddings({"input": [text]})["data"][0]["embedding"])
    assert float(vector @ bert(tokenizer.encode(text).ids)) >= 0.9999


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_equal_the_reference(llama, tokenizer, text):
    import httpx

    answer = httpx.post(f"{llama.listening_address}/tokenize", json={"content": text, "add_special": True}, trust_env=False)
    assert answer.json()["tokens"] == tokenizer.encode(text).ids


def test_same_input_gives_the_same_bytes(converted, tmp_path):
    convert_bert(MINILM.path(), tmp_path / "again.gguf", MINILM.title)
    assert (tmp_path / "again.gguf").read_bytes() == converted.read_bytes()


def test_weights_are_f16_and_small_tensors_f32(converted):
    types = {tensor.name: tensor.type for tensor in read_info(converted).tensors}
    assert types["blk.0.attn_q.weight"] == types["token_embd.weight"] == "F16"
    assert types["blk.0.attn_q.bias"] == types["position_embd.weight"] == "F32"


def test_own_reader_and_the_gguf_library_read_the_same(converted):
    theirs = gguf.GGUFReader(converted)
    ours = read_info(converted)
    assert len(theirs.tensors) == len(ours.tensors)
    for key in ("bert.context_length", "bert.attention.layer_norm_epsilon", "bert.attention.causal", "tokenizer.ggml.model"):
        assert theirs.get_field(key).contents() == ours.metadata[key]


def test_converted_model_is_an_embedding_model(converted):
    info = read_info(converted)
    assert (info.architecture, info.capabilities, info.embedding_length, info.quantization) == ("bert", ["embedding"], 384, "F16")


@pytest.mark.parametrize("config", ["{}", "[]"])
def test_a_config_without_sizes_is_named(tmp_path, config):
    (tmp_path / "config.json").write_text(config)
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "model.safetensors").symlink_to(MINILM.path())
    with pytest.raises(EngineError, match=r"the model mini cannot be read: its config\.json"):
        convert_bert(tmp_path / "model.safetensors", tmp_path / "x.gguf", "mini")


def test_folder_without_weights_is_named(tmp_path):
    with pytest.raises(EngineError, match="the model mini cannot be read"):
        convert_bert(tmp_path / "model.safetensors", tmp_path / "x.gguf", "mini")
