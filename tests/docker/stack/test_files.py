"""The Compose files themselves, and what building from them costs."""

import json
import time

import pytest

OVERRIDES = [(), ("compose.gpu.yaml",), ("compose.scale.yaml",), ("compose.host-ollama.yaml",), ("compose.socket.yaml",)]
ALL = [*OVERRIDES, ("compose.gpu.yaml", "compose.socket.yaml"), ("compose.host-ollama.yaml", "compose.socket.yaml")]


@pytest.mark.parametrize("files", ALL, ids=lambda files: " ".join(files) or "alone")
@pytest.mark.parametrize("profile", [(), ("--profile", "*")], ids=["", "every profile"])
def test_config_is_clean(copy, files, profile):
    done = copy.compose(*profile, "config", "--quiet", files=files)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def services(copy, *files):
    return json.loads(copy.do("config", "--format", "json", files=files))["services"]


def test_with_the_machines_own_ollama_no_container_runs_it(copy):
    found = services(copy, "compose.host-ollama.yaml")
    assert "ollama" not in found
    for name in ("model-pull", "ingest", "api", "jupyter"):
        assert found[name]["environment"]["OLLAMA_HOST"].startswith("http://host.docker.internal:")
        assert "ollama" not in found[name].get("depends_on", {})


def test_a_setting_of_env_reaches_the_labs_code_and_an_address_of_it_does_not(copy):
    own = copy.folder / ".env"
    own.write_text("TOP_K=7\nOLLAMA_HOST=http://127.0.0.1:9\nCOMPOSE_PROJECT_NAME=mine\n")
    try:
        found = services(copy)
    finally:
        own.unlink()
    for name in ("ingest", "api", "jupyter"):
        seen = found[name]["environment"]
        assert (seen["TOP_K"], seen["OLLAMA_HOST"], seen["COMPOSE_PROJECT_NAME"]) == ("7", "http://ollama:11434", "")


def test_the_machines_socket_is_in_jupyterlab_by_override_only(copy):
    def mounted(found):
        return {name for name, one in found.items() if any(v["target"] == "/var/run/docker.sock" for v in one.get("volumes", []))}

    assert mounted(services(copy)) == {"handover", "docker-proxy"}
    assert mounted(services(copy, "compose.socket.yaml")) == {"jupyter", "docker-proxy"}


def test_a_gpu_where_there_is_none_is_refused_with_dockers_own_words(copy, engine):
    copy.project, before = f"{copy.project}-gpu", copy.project
    try:
        done = copy.compose("up", "--wait", "--no-deps", "--pull", "never", "ollama", files=("compose.gpu.yaml",))
        assert done.returncode == 1
        assert 'could not select device driver "nvidia" with capabilities: [[gpu]]' in done.stderr
    finally:
        copy.compose("down", "--volumes")
        copy.project = before


@pytest.mark.parametrize("service", ["api", "jupyter"])
def test_a_build_after_a_change_of_code_takes_at_most_five_seconds(lab, service):
    code = lab.folder / "lab/service/app.py"

    def rebuild(number):
        code.write_text(f"{code.read_text()}\n# change {number} for {service}\n")
        started = time.perf_counter()
        lab.do("build", "--quiet", service)
        return time.perf_counter() - started

    assert min(map(rebuild, range(3))) <= 5  # the best of three: another test may be using the machine
