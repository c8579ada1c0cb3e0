"""What a GGUF file says about itself, compared with the gguf library's own reader."""

import time
from math import prod

import gguf
import pytest

from lab.engine.errors import EngineError
from lab.engine.gguf_info import human_number, is_gguf, read_info
from lab.engine.weights import CATALOGUE

SMOLLM = CATALOGUE[0].path()


def test_small_file_is_read_completely(tiny_gguf):
    info = read_info(tiny_gguf)
    assert (info.architecture, info.context_length, info.embedding_length, info.parameter_count) == ("llama", 64, 3, 6)
    assert (info.quantization, info.capabilities, info.chat_template) == ("F32", ["completion"], "{{ messages }}")
    assert info.metadata["tokenizer.ggml.tokens"] == ["a", "\u2581あ"]


def test_real_model_is_described_as_ollama_describes_it():
    info = read_info(SMOLLM)
    assert (info.architecture, info.parameter_size, info.quantization) == ("llama", "135M", "Q4_1")
    assert (info.context_length, info.embedding_length) == (8192, 576)


def test_tensors_agree_with_the_gguf_library(tiny_gguf):
    theirs = [(t.name, t.tensor_type.name, tuple(int(n) for n in t.shape)) for t in gguf.GGUFReader(tiny_gguf).tensors]
    assert [(t.name, t.type, t.shape) for t in read_info(tiny_gguf).tensors] == theirs


def test_parameters_are_counted_over_all_tensors():
    info = read_info(SMOLLM)
    assert info.parameter_count == sum(prod(tensor.shape) for tensor in info.tensors) == 134_515_008


def test_reading_a_vocabulary_is_fast_enough_for_a_request():
    read_info.cache_clear()
    start = time.perf_counter()
    read_info(SMOLLM)
    assert time.perf_counter() - start < 1  # 0.06 s on a quiet machine; the library's reader takes 2.4 s


@pytest.mark.parametrize("data", [b"", b"GGUF", b"GGUF\x03\0\0\0", b"not a model at all", b"GGUF\x63\0\0\0" + b"\0" * 40])
def test_what_is_no_gguf_file_is_refused(tmp_path, data):
    path = tmp_path / "x.gguf"
    path.write_bytes(data)
    with pytest.raises(EngineError, match="supplied file was not in GGUF format"):
        read_info(path)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7])
def test_cut_off_header_is_refused(tmp_path, tiny_gguf, share):
    whole = tiny_gguf.read_bytes()
    path = tmp_path / "cut.gguf"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(EngineError):
        read_info(path)


def test_lying_lengths_neither_hang_nor_exhaust_memory(tmp_path):
    path = tmp_path / "lies.gguf"
    path.write_bytes(b"GGUF\x03\0\0\0" + b"\xff" * 16 + b"\xff" * 64)
    with pytest.raises(EngineError):
        read_info(path)


def test_magic_tells_a_gguf_file(tiny_gguf, tmp_path):
    (tmp_path / "other").write_bytes(b"PK")
    assert is_gguf(tiny_gguf) and not is_gguf(tmp_path / "other")


@pytest.mark.parametrize(
    ("count", "text"), [(6, "6"), (1500, "2K"), (22_565_376, "23M"), (134_515_008, "135M"), (999_900_000, "1.0B"), (3_212_749_888, "3.2B")]
)
def test_parameter_counts_are_written_for_people(count, text):
    assert human_number(count) == text
