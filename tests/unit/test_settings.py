"""Settings: their sources, their defaults and what happens to values that cannot work."""

import json
import re
from urllib.request import proxy_bypass_environment

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.addresses import THIS_MACHINE, bypass_proxy, ollama_url
from lab.errors import SettingError
from lab.settings import ROOT, Settings, load_settings


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
    "name, value",
    [("CHROMA_PORT", "99999"), ("TOP_K", "many"), ("OLLAMA_HOST", "host:port"), ("OLLAMA_HOST", "ftp://host"), ("CHUNK_OVERLAP", "701")],
)
def test_a_value_that_cannot_work_names_its_variable(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError) as caught:
        load_settings()
    assert name in caught.value.what
    assert ".env" in caught.value.hint


def test_a_message_of_our_own_stands_without_the_words_of_the_library(monkeypatch):
    monkeypatch.setenv("CHUNK_OVERLAP", "701")
    with pytest.raises(SettingError) as caught:
        load_settings()
    assert caught.value.what.startswith("A setting cannot work: CHUNK_OVERLAP (701) must be smaller")


@pytest.mark.parametrize("name, attribute", [("LAB_HOME", "lab_home"), ("CORPUS", "corpus"), ("OLLAMA_MODELS", "models_folder")])
def test_a_relative_folder_begins_at_the_project(monkeypatch, tmp_path, name, attribute):
    monkeypatch.setenv(name, "some/folder")
    monkeypatch.chdir(tmp_path)
    assert getattr(load_settings(), attribute) == ROOT / "some/folder"


@pytest.fixture
def proxy(monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")


@pytest.mark.parametrize("host", THIS_MACHINE)
def test_whoever_reads_the_settings_reaches_this_machine_without_a_proxy(proxy, host):
    load_settings()
    assert proxy_bypass_environment(host)
    assert not proxy_bypass_environment("example.org")


def test_a_client_of_httpx_uses_the_proxy_for_other_machines_only(proxy):
    load_settings()
    with httpx.Client() as client:
        transports = [client._transport_for_url(httpx.URL(f"http://{host}:1")) for host in ("127.0.0.1", "localhost", "[::1]")]
        assert transports == [client._transport] * 3
        assert client._transport_for_url(httpx.URL("http://example.org")) is not client._transport


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_hosts_that_were_excepted_before_stay_so_in_both_spellings(name):
    env = {name: "a.example, b.example"}
    bypass_proxy(env)
    assert env["NO_PROXY"] == env["no_proxy"] == "a.example,b.example,127.0.0.1,localhost,::1"
    before = dict(env)
    bypass_proxy(env)
    assert env == before


def test_no_proxy_for_anything_stays_as_it_is():
    env = {"NO_PROXY": "*"}
    bypass_proxy(env)
    assert env == {"NO_PROXY": "*"}


def test_env_example_lists_every_setting_with_its_default():
    shown = dict(re.findall(r"^#([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))
    assert set(shown) == {name.upper() for name in Settings.model_fields}
    for name, value in shown.items():
        default = Settings.model_fields[name.lower()].default
        relative = str(default).removeprefix(f"{ROOT}/")
        assert value == relative, name


def test_two_services_on_one_port_are_refused_before_anything_starts(monkeypatch):
    monkeypatch.setenv("CHROMA_PORT", "8888")
    with pytest.raises(SettingError, match="each service needs a port of its own: JUPYTER_PORT=8888, CHROMA_PORT=8888"):
        load_settings()


@pytest.mark.parametrize("place", ["compose", "embedded"])
def test_the_port_of_the_api_counts_in_every_place(place):
    with pytest.raises(SettingError, match="API_PORT=8001"):
        load_settings(api_port=8001, lab_place=place)


@pytest.mark.parametrize(("place", "name"), [("compose", "proxy_port"), ("embedded", "redis_port")])
def test_ports_of_the_profile_production_count_with_it(place, name):
    assert load_settings(lab_place=place, **{name: 8001}).profiles == frozenset()
    with pytest.raises(SettingError, match=f"{name.upper()}=8001"):
        load_settings(lab_place=place, compose_profiles="production", **{name: 8001})


def test_an_api_of_another_machine_may_have_any_port():
    there = load_settings(api_url="http://api:8000/", chroma_host="chroma", chroma_port=8000, lab_place="compose")
    assert there.api_url == "http://api:8000"


def test_other_containers_are_reached_without_a_proxy(proxy):
    load_settings(lab_place="compose", ollama_host="http://ollama:11434", chroma_host="chroma", lab_engine="tcp://docker-proxy:2375")
    assert all(proxy_bypass_environment(host) for host in ("ollama", "chroma", "docker-proxy", "127.0.0.1"))
    assert not proxy_bypass_environment("gpu.example.org")


def test_each_use_of_redis_has_a_database_of_its_own():
    settings = Settings(redis_password="p@ss/word", redis_port=6400)
    addresses = [settings.redis_for(use) for use in ("broker", "results", "cache", "limits")]
    assert addresses[0] == "redis://:p%40ss%2Fword@127.0.0.1:6400/0"
    assert len(set(addresses)) == 4


def test_a_redis_that_already_runs_is_used():
    assert Settings(redis_url="redis://redis:6379/").redis_for("cache") == "redis://redis:6379/2"


def test_a_running_task_is_never_given_to_a_second_worker():
    with pytest.raises(SettingError, match="WORKER_REDELIVERY"):
        load_settings(worker_time_limit=100, worker_redelivery=100)
