"""The images of `ollama/`: they build, hold what they say, and nothing that only their build needed."""

import subprocess

import pytest

from lab.containers import clear, labels, wait_until
from lab.settings import ROOT, get_settings

LESSON = "97z"  # no lesson of the course
MARK = labels(LESSON)
FOLDER = ROOT / "ollama"
BAKED, PERSONA = "test-baked/helper:1.0", "test-baked/helper:2.0"


def build(tag, file, **arguments):
    given = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
    command = ["docker", "build", "--progress=plain", "--label", f"lab.lesson={LESSON}", "--tag", tag, "--file", FOLDER / file]
    return subprocess.run([*command, *given, FOLDER], capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def images(engine):
    """Both images, the second one built on the first."""
    from_base = {"OLLAMA_IMAGE": get_settings().ollama_image, "MODEL": get_settings().lesson_model}
    for done in (build(BAKED, "Dockerfile.baked", **from_base), build(PERSONA, "Dockerfile.persona", BAKED=BAKED)):
        assert done.returncode == 0, done.stderr[-3000:]
    yield engine.images
    clear(LESSON)


@pytest.fixture
def serve(engine, images):
    """serve(image) -> a container without network and volume, once its server answers."""

    def start(image):
        container = engine.containers.run(image, detach=True, network_mode="none", labels=MARK)
        wait_until(lambda: container.exec_run(["ollama", "list"]).exit_code == 0, f"the server of {image}")
        return container

    yield start
    for container in engine.containers.list(all=True, filters={"label": f"lab.lesson={LESSON}"}):
        container.remove(force=True)


def inside(engine, image, command):
    options = {"entrypoint": "sh", "network_mode": "none", "labels": MARK, "remove": True}
    return engine.containers.run(image, ["-c", command], **options).decode()


def test_a_container_without_network_and_volume_lists_the_model(serve):
    assert get_settings().lesson_model in serve(BAKED).exec_run(["ollama", "list"]).output.decode()


def test_a_container_without_network_and_volume_answers(serve):
    done = serve(BAKED).exec_run(["ollama", "run", get_settings().lesson_model, "Say hello in three words."])
    assert done.exit_code == 0
    assert done.output.strip()


@pytest.mark.parametrize("image", [BAKED, PERSONA])
def test_no_key_of_the_build_is_in_the_image(engine, images, image):
    assert "id_ed25519" not in inside(engine, image, "find / -xdev -name 'id_ed25519*'")


@pytest.mark.parametrize("image", [BAKED, PERSONA])
def test_no_tool_or_log_of_the_build_is_in_the_image(engine, images, image):
    assert inside(engine, image, "ls /tmp; find / -xdev -name 'with-server.sh' -o -xdev -name 'pull-model.sh'") == ""


def test_each_container_makes_its_own_key(serve):
    keys = [serve(BAKED).exec_run(["cat", "/root/.ollama/id_ed25519.pub"]).output for _ in range(2)]
    assert keys[0].startswith(b"ssh-ed25519")
    assert keys[0] != keys[1]


def test_the_model_is_one_layer_on_the_base_image(images):
    base, baked = (images.get(name).attrs["RootFS"]["Layers"] for name in (get_settings().ollama_image, BAKED))
    assert baked[: len(base)] == base
    assert len(baked) == len(base) + 1


def test_the_start_command_is_that_of_the_base_image(images):
    base, baked = (images.get(name).attrs["Config"] for name in (get_settings().ollama_image, BAKED))
    assert (baked["Entrypoint"], baked["Cmd"]) == (base["Entrypoint"], base["Cmd"])


def test_the_label_names_the_model(images):
    assert images.get(BAKED).labels["ollama.model"] == get_settings().lesson_model


def test_the_digest_of_the_model_is_accepted_and_another_one_refused(engine, images):
    digest = inside(engine, BAKED, "find /root/.ollama/models/manifests -type f -exec sha256sum {} +").split()[0]
    arguments = {"OLLAMA_IMAGE": get_settings().ollama_image, "MODEL": get_settings().lesson_model}
    right = build("test-baked/locked:1.0", "Dockerfile.baked", MODEL_DIGEST=digest, **arguments)
    assert right.returncode == 0, right.stderr[-3000:]
    assert images.get("test-baked/locked:1.0").labels["ollama.model.digest"] == digest
    wrong = build("test-baked/refused:1.0", "Dockerfile.baked", MODEL_DIGEST=digest[:12], **arguments)
    assert wrong.returncode != 0
    assert f"has changed. Expected the digest {digest[:12]}, got" in wrong.stderr


def test_a_model_that_does_not_exist_fails_the_build(images):
    done = build("test-baked/none:1.0", "Dockerfile.baked", OLLAMA_IMAGE=get_settings().ollama_image, MODEL="llama3.2:8b")
    assert done.returncode != 0
    assert "pull model manifest: file does not exist" in done.stderr


def test_a_server_that_does_not_start_fails_the_build_at_once(images):
    dockerfile = f"FROM {BAKED}\nCOPY with-server.sh /usr/local/bin/\nENV OLLAMA_HOST=not-an-address:x\nRUN with-server.sh true\n"
    command = ["docker", "build", "--progress=plain", "--label", f"lab.lesson={LESSON}", "--file=-", FOLDER]
    done = subprocess.run(command, input=dockerfile, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "with-server.sh: the server did not answer" in done.stderr


def test_a_persona_adds_less_than_a_megabyte(images):
    newer, older = (sum(layer["Size"] for layer in images.get(name).history()) for name in (PERSONA, BAKED))
    assert 0 < newer - older < 1_000_000


def test_a_persona_has_the_weights_of_its_model(serve):
    server = serve(PERSONA)
    shown = [server.exec_run(["ollama", "show", name, "--modelfile"]).output.decode() for name in ("pirate", get_settings().lesson_model)]
    weights = [next(line for line in text.splitlines() if line.startswith("FROM ")) for text in shown]
    assert weights[0] == weights[1]
    assert "pirate captain" in shown[0]
    assert "pirate captain" not in shown[1]


def test_only_scripts_and_the_modelfile_go_to_the_engine():
    allowed = [line for line in (FOLDER / ".dockerignore").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert allowed == ["*", "!*.sh", "!Modelfile"]
