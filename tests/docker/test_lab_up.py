"""`lab up --place compose` on a real engine, driven as people do: a project of its own, on ports of its own."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from lab.settings import ROOT, Settings, load_settings
from lab.stack.gpu import has_gpu, refusal
from lab.stack.images import IMAGES

LAB = str(Path(sys.executable).with_name("lab"))
PROJECT = f"labup{os.getpid()}"
SERVICES = {"ollama", "chroma", "api", "jupyter", "sandbox", "docker-proxy"}


class Lab:
    """The `lab` command on one Compose project, and what the engine has of that project."""

    def __init__(self, engine, env):
        self.engine, self.env = engine, env
        self.own = {"label": f"com.docker.compose.project={env['COMPOSE_PROJECT_NAME']}"}

    def run(self, *words, **more):
        return subprocess.run([LAB, *words], env={**self.env, **more}, capture_output=True, text=True, timeout=900)

    def up(self, **more):
        done = self.run("up", "--place", "compose", **more)
        assert done.returncode == 0, done.stderr
        return done

    def refused(self, **more):
        """What `lab up` says when it cannot."""
        done = self.run("up", "--place", "compose", **more)
        assert done.returncode == 1, done.stdout
        return done.stderr

    def status(self):
        return json.loads(self.run("status", "--json").stdout)

    def states(self):
        return {service["name"]: service["state"] for service in self.status()["services"]}

    def inside(self, *words):
        """A command in JupyterLab's container."""
        container = self.engine.containers.get(f"{self.env['COMPOSE_PROJECT_NAME']}-jupyter-1")
        code, output = container.exec_run(list(words))
        assert code == 0, output.decode()
        return output.decode()

    def containers(self):
        return self.engine.containers.list(all=True, filters=self.own)

    def remove(self):
        """Nothing of the project is left: volumes and built images neither."""
        for container in self.containers():
            with contextlib.suppress(Exception):
                container.remove(force=True, v=True)
        for network in self.engine.networks.list(filters=self.own):
            network.remove()
        for volume in self.engine.volumes.list(filters=self.own):
            volume.remove(force=True)
        for image in ("api", "jupyter", "docker-proxy"):
            with contextlib.suppress(Exception):
                self.engine.images.remove(f"{self.env['COMPOSE_PROJECT_NAME']}-{image}", force=True)


@pytest.fixture(scope="module")
def make_lab(engine, lab_variables, free_port):
    """`make_lab(folder, project)` is a lab that is not started, in the place compose."""

    def make(home, project=PROJECT, **more):
        own = {name: value for name, value in lab_variables(home).items() if name not in ("LAB_PLACE", "OLLAMA_HOST", "OLLAMA_MODELS")}
        own |= {"API_PORT": str(free_port()), "OPEN": "0", "COMPOSE_PROJECT_NAME": project}
        return Lab(engine, {**os.environ, **own, **more})

    return make


@pytest.fixture
def proxy(tmp_path):
    """Variables of a machine whose Docker hands a proxy to every container; nothing listens there."""
    address = "http://127.0.0.1:9"
    folder = Path(os.environ.get("DOCKER_CONFIG", Path.home() / ".docker"))
    config = json.loads((folder / "config.json").read_text()) if (folder / "config.json").exists() else {}
    config["proxies"] = {"default": {"httpProxy": address, "httpsProxy": address}}
    config["cliPluginsExtraDirs"] = [*config.get("cliPluginsExtraDirs", []), str(folder / "cli-plugins")]
    (tmp_path / "config.json").write_text(json.dumps(config))
    return {"DOCKER_CONFIG": str(tmp_path), "HTTP_PROXY": address, "http_proxy": address, "HTTPS_PROXY": address}


@pytest.fixture(scope="module")
def lab(make_lab, tmp_path_factory):
    """A whole lab that the tests of this file share; each leaves it whole."""
    lab = make_lab(tmp_path_factory.mktemp("home"))
    try:
        lab.said = lab.up()
        yield lab
    finally:
        lab.run("down")
        lab.remove()


@pytest.fixture
def other(make_lab, tmp_path):
    """A lab that is not started, for what goes wrong at the start."""
    lab = make_lab(tmp_path, f"{PROJECT}x")
    yield lab
    lab.run("down")
    lab.remove()


def test_it_says_where_it_runs_and_why_and_the_address_opens(lab):
    place, address = lab.said.stdout.splitlines()
    assert place.startswith("Place: compose (Docker Engine ")
    assert "Ollama computes on the" in place
    url, _, token = address.removeprefix("JupyterLab: ").partition("/?token=")
    with urllib.request.urlopen(f"{url}/api/contents?token={token}", timeout=20) as answer:
        assert "notebooks" in answer.read().decode()


def test_progress_is_told_for_each_service(lab):
    lines = lab.said.stderr.splitlines()
    for title in ("Ollama", "Chroma", "models", "documents", "RAG API", "JupyterLab"):
        assert any(line.startswith(f"{title}: ready") for line in lines), title


def test_every_service_runs(lab):
    status = lab.status()
    assert status["place"] == "compose"
    assert {service["name"]: service["state"] for service in status["services"]} == dict.fromkeys(SERVICES, "running")
    assert {model["name"] for model in status["models"]} == {"smollm2:135m", "all-minilm:latest"}


def test_inside_the_container_the_same_is_seen_through_the_proxy(lab):
    seen = json.loads(lab.inside("lab", "status", "--json"))
    assert {service["name"]: service["state"] for service in seen["services"]} == dict.fromkeys(SERVICES, "running")
    assert lab.inside("lab", "logs", "chroma", "-n", "1")


def test_the_token_is_on_no_command_line_of_the_containers(lab):
    token = lab.said.stdout.strip().partition("?token=")[2]
    for container in lab.engine.containers.list(filters=lab.own):
        assert not any(token in word for row in container.top()["Processes"] for word in row)


def test_logs_are_read_by_service_and_an_unknown_name_lists_the_known(lab):
    assert lab.run("logs", "model-pull").returncode == 0
    assert "api" in lab.run("logs").stdout
    assert "Services are api, chroma" in lab.run("logs", "redis").stderr


def test_a_question_from_the_machine_itself_is_answered(lab):
    done = lab.run("ask", "--json", "Are my models deleted when I remove the container?")
    answer = json.loads(done.stdout)
    assert answer["state"] in ("grounded", "quoted")
    assert answer["citations"][0]["document"] == "volumes.md"


def test_an_ingest_from_the_machine_finds_what_the_containers_indexed(lab):
    report = json.loads(lab.run("ingest", "--json").stdout)
    assert report["embedded"] == 0
    assert report["documents"] > 40


def test_what_was_killed_is_told_and_comes_back(lab):
    lab.engine.containers.get(f"{PROJECT}-chroma-1").kill()
    chroma = next(service for service in lab.status()["services"] if service["name"] == "chroma")
    assert (chroma["state"], chroma["detail"]) == (
        "died",
        "it ended with code 137; `lab logs chroma` tells more, `lab up` starts it again",
    )
    assert "Chroma has ended" in lab.run("doctor").stdout
    lab.up()
    assert lab.states() == dict.fromkeys(SERVICES, "running")


def test_a_sandbox_that_lost_its_network_is_told_and_joins_again(lab):
    lab.engine.containers.get(f"{PROJECT}-jupyter-1").restart(timeout=3)
    assert lab.states()["sandbox"] == "unhealthy"
    lab.up()
    assert lab.states() == dict.fromkeys(SERVICES, "running")
    assert lab.inside("docker", "version", "--format", "{{.Server.Version}}").strip()


def test_another_place_is_refused_while_it_runs(lab):
    done = lab.run("up", "--place", "embedded")
    assert done.returncode == 1
    assert "already runs in the place compose" in done.stderr


def test_down_leaves_no_container_and_no_network_and_volumes_stay(lab):
    volumes = {volume.name for volume in lab.engine.volumes.list(filters=lab.own)}
    done = lab.run("down")
    assert done.returncode == 0, done.stderr
    assert "These volumes stay" in done.stdout
    assert (lab.containers(), lab.engine.networks.list(filters=lab.own)) == ([], [])
    assert {volume.name for volume in lab.engine.volumes.list(filters=lab.own)} == volumes
    assert lab.run("down").stdout == "Nothing was running.\n"


def test_an_interrupted_start_goes_on_also_behind_a_proxy(lab, wait_until, proxy):
    words = [LAB, "up", "--place", "compose"]
    starting = subprocess.Popen(words, env={**lab.env, **proxy}, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    wait_until(lambda: any(one.status == "running" for one in lab.containers()), "a first container", timeout=180)
    starting.send_signal(signal.SIGINT)
    said = starting.communicate(timeout=60)[1]
    assert (starting.returncode, "`lab up` goes on from here" in said) == (130, True)
    lab.up(**proxy)
    assert lab.states() == dict.fromkeys(SERVICES, "running")
    assert json.loads(lab.inside("sh", "-c", "HTTP_PROXY=http://127.0.0.1:9 lab status --json"))["place"] == "compose"


def test_what_compose_started_alone_is_seen_and_stopped_by_the_lab(lab):
    lab.run("down")
    socket = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    words = ["docker", "compose", "--project-directory", str(ROOT), "--file", str(ROOT / "compose.yaml"), "up", "--detach", "--wait"]
    done = subprocess.run(words, env={**lab.env, "DOCKER_SOCKET": socket}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert lab.states() == dict.fromkeys(SERVICES, "running")
    assert "api: " in lab.run("logs").stdout
    assert lab.run("down").returncode == 0
    assert lab.containers() == []
    lab.up()


def test_ollama_has_the_gpu_exactly_when_docker_gives_one(lab):
    given = not refusal(lab.engine, load_settings())
    assert has_gpu(lab.engine.containers.get(f"{PROJECT}-ollama-1")) == given
    assert ("Ollama computes on the GPU" in lab.said.stdout) == given


def test_a_gpu_that_is_asked_for_and_absent_is_an_error_before_anything_starts(other):
    if not refusal(other.engine, load_settings()):
        pytest.skip("Docker gives a GPU here, so that none can be absent")
    said = other.refused(LAB_GPU="on")
    assert "Docker cannot give a GPU" in said
    assert "LAB_GPU=auto" in said
    assert other.containers() == []


def test_a_taken_port_names_its_owner_and_the_setting(other):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(other.env["CHROMA_PORT"])))
        taken.listen()
        said = other.refused()
    assert f"Port {other.env['CHROMA_PORT']}, where Chroma should answer, is taken by" in said
    assert f"process {os.getpid()}" in said
    assert "CHROMA_PORT in .env" in said
    assert other.containers() == []


def test_an_image_that_cannot_be_had_is_named_with_its_setting(other):
    said = other.refused(CHROMA_IMAGE="127.0.0.1:9/no-such/image:1")
    assert "Docker does not have the image 127.0.0.1:9/no-such/image:1" in said
    assert "CHROMA_IMAGE in .env" in said


def test_a_container_of_the_same_name_is_kept_and_named(other):
    name = f"{other.env['COMPOSE_PROJECT_NAME']}-ollama-1"
    theirs = other.engine.containers.create("debian:trixie-slim", ["true"], name=name)
    try:
        said = other.refused()
        assert f"There is a container {name} already" in said
        assert f"docker rename {name}" in said
        theirs.reload()
    finally:
        theirs.remove(force=True)


def test_a_volume_of_another_version_is_named_with_the_way_back(other):
    project = other.env["COMPOSE_PROJECT_NAME"]
    labels = {"com.docker.compose.project": project, "com.docker.compose.volume": "chroma"}
    volume = other.engine.volumes.create(f"{project}_chroma", labels=labels)
    spoil = ["sh", "-c", "echo this is no database >/data/chroma.sqlite3"]
    other.engine.containers.run("debian:trixie-slim", spoil, volumes={volume.name: {"bind": "/data"}}, remove=True)
    said = other.refused()
    assert "Chroma " in said
    assert f"docker volume rm {project}_chroma" in said


def test_the_images_that_the_check_knows_are_those_of_compose(other):
    wanted = subprocess.run(["docker", "compose", "config", "--images"], env=other.env, capture_output=True, text=True, check=True)
    known = {Settings.model_fields[name].default for name in IMAGES}
    pulled = {image for image in wanted.stdout.split() if not image.startswith(other.env["COMPOSE_PROJECT_NAME"])}
    assert pulled <= known
