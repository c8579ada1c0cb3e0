"""From a Modelfile to /api/create."""

from pathlib import Path

import pytest

from lab.engine.errors import EngineError
from lab.engine.modelfile import parse_modelfile
from lab.engine.modelfile_request import request_of


def read(text, folder=Path()):
    return request_of(parse_modelfile(text), folder)


def test_all_fields_of_the_request_are_filled():
    parameters = "PARAMETER temperature 0.5\nPARAMETER num_ctx 512\n"
    text = f"FROM base\nSYSTEM S\nTEMPLATE T\n{parameters}MESSAGE user Hi\nMESSAGE assistant Ho\nLICENSE L"
    assert read(text).fields == {
        "from": "base",
        "system": "S",
        "template": "T",
        "parameters": {"temperature": 0.5, "num_ctx": 512},
        "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}],
        "license": ["L"],
    }


def test_stop_may_be_given_many_times():
    assert read("FROM x\nPARAMETER stop a\nPARAMETER stop b").fields["parameters"] == {"stop": ["a", "b"]}


def test_path_is_seen_from_the_modelfile(tmp_path):
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    request = read("FROM ./m.gguf", tmp_path)
    assert request.files == {"m.gguf": tmp_path / "m.gguf"}
    assert "from" not in request.fields


def test_folder_gives_the_gguf_file_inside(tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/m.gguf").write_bytes(b"GGUF")
    assert read("FROM weights", tmp_path).files == {"m.gguf": tmp_path / "weights/m.gguf"}


def test_deprecated_parameter_is_left_out_with_a_warning():
    request = read("FROM x\nPARAMETER mirostat 1")
    assert request.warnings == ["warning: parameter mirostat is deprecated"]
    assert "parameters" not in request.fields


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PARAMETER speed 9", "unknown parameter 'speed'"),
        ("PARAMETER num_ctx many", "invalid int value [many]"),
        ("PARAMETER temperature hot", "invalid float value [hot]"),
        ("PARAMETER use_mmap maybe", "invalid bool value [maybe]"),
        ("ADAPTER ./a.gguf", "LoRA adapters are no longer supported"),
        ("DRAFT small", "DRAFT models are not supported here"),
        ("FROM ./away.gguf", "no such file: away.gguf"),
        ("FROM .", "no GGUF file in"),
    ],
)
def test_what_cannot_be_made_is_named(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EngineError) as raised:
        read(f"FROM x\n{text}")
    assert raised.value.message.startswith(message)
