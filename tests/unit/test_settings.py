"""Settings: their sources, their defaults and what happens to values that cannot work."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import SettingError
from lab.settings import ROOT, Settings, load_settings, ollama_url


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    monkeypatch.setenv("LAB_HOME", str(tmp_path))


def remember(home, **chosen):
    (home / "lab.json").write_text(json.dumps({"settings": chosen}))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("ollama", "http://ollama:11434"),
        ("ollama:8080", "http://ollama:8080"),
        ("http://ollama", "http://ollama:80"),
        ("https://ollama", "https://ollama:443"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("http://127.0.0.1:9/", "http://127.0.0.1:9"),
        ("[::1]:9", "http://[::1]:9"),
    ],
)
def test_ollama_host_is_read_as_ollama_reads_it(host, url):
    assert ollama_url(host) == url


@given(st.integers(1, 65535))
def test_an_ollama_address_is_a_fixed_point(port):
    url = ollama_url(f"example:{port}")
    assert ollama_url(url) == url


def test_environment_wins_over_the_running_lab(tmp_path, monkeypatch):
    remember(tmp_path, chroma_port=9001)
    monkeypatch.setenv("CHROMA_PORT", "9002")
    assert load_settings().chroma_port == 9002


def test_the_running_lab_wins_over_defaults(tmp_path):
    remember(tmp_path, chroma_port=9001, lab_place="native")
    assert (load_settings().chroma_port, load_settings().lab_place) == (9001, "native")


@pytest.mark.parametrize("broken", ["", "{", "[]", "null", '{"settings": 3}', '{"settings": null}'])
def test_a_broken_memory_of_the_lab_is_ignored(tmp_path, broken):
    (tmp_path / "lab.json").write_text(broken)
    assert load_settings().chroma_port == 8001


def test_each_place_has_its_chat_model():
    assert load_settings(lab_place="embedded").chat_model == "smollm2:135m"
    assert load_settings(lab_place="native").chat_model == "llama3.2:1b"
    assert load_settings(lab_place="native", chat_model="own").chat_model == "own"


@pytest.mark.parametrize(
    "name, value", [("CHROMA_PORT", "99999"), ("TOP_K", "many"), ("OLLAMA_HOST", "host:port"), ("OLLAMA_HOST", "ftp://host"), ("CHUNK_OVERLAP", "701")]
)
def test_a_value_that_cannot_work_names_its_variable(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError) as caught:
        load_settings()
    assert name in caught.value.what
    assert ".env" in caught.value.hint


def test_env_example_lists_every_setting_with_its_default():
    shown = dict(re.findall(r"^#([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))
    assert set(shown) == {name.upper() for name in Settings.model_fields}
    for name, value in shown.items():
        default = Settings.model_fields[name.lower()].default
        relative = str(default).removeprefix(f"{ROOT}/")
        assert value == relative, name
