"""What Docker says when the lab does not start, in two sentences that help."""

import pytest

from lab.stack.compose_errors import explain
from lab.stack.compose_progress import Watch
from lab.stack.progress import Silent
from tests.unit.stack.fake_docker import container

DAEMON = "Error response from daemon: "
CASES = {
    "disk": ("write /var/lib/docker/x: no space left on device", "disk is full", "docker system df"),
    "name": (
        DAEMON + 'Conflict. The container name "/slipway-ollama-1" is already in use by container "abc".',
        "a container slipway-ollama-1",
        "docker rename slipway-ollama-1",
    ),
    "port": (DAEMON + "Bind for 127.0.0.1:8001 failed: port is already allocated", "Port 8001 is taken", "CHROMA_PORT"),
    "port of a program": (
        DAEMON + "failed to set up container networking: failed to bind host port for 127.0.0.1:8001: address already in use",
        "Port 8001 is taken",
        "CHROMA_PORT",
    ),
    "gpu": (DAEMON + 'could not select device driver "nvidia" with capabilities: [[gpu]]', "cannot give a GPU", "LAB_GPU=auto"),
    "registry": (DAEMON + 'Get "https://example/v2/": dial tcp: lookup example: no such host', "could not be fetched", "proxy"),
    "volume": (
        'volume "slipway_chroma" already exists but was created for project "old" (expected "slipway")',
        "slipway_chroma was made by another",
        "docker volume rm slipway_chroma",
    ),
    "late": ("application not healthy after 31m30s", "within 31m30s", "START_TIMEOUT"),
    "file": ("validating compose.yaml: services.api.ports must be a list", "cannot read its files", "LAB_COMPOSE_FILES"),
}


@pytest.fixture
def watch(settings):
    return Watch(settings.model_copy(update={"chroma_port": 8001}), Silent())


def said(watch, message):
    watch.take([{"error": True, "message": message}, {"code": 1}])
    return watch


@pytest.mark.parametrize("case", CASES)
def test_a_known_message_names_the_cause_and_the_way_out(watch, case):
    message, what, hint = CASES[case]
    error = explain(said(watch, message), {})
    assert what in error.what
    assert hint in error.hint


def test_words_that_nobody_expected_are_shown(watch):
    assert "the moon is full" in explain(said(watch, "the moon is full"), {}).what


def test_nothing_said_is_told_too(watch):
    assert "gave no reason" in explain(said(watch, ""), {}).what


def test_a_container_that_ended_shows_its_code_and_the_end_of_its_log(watch):
    error = explain(said(watch, "container slipway-api-1 exited (3)"), {"api": container("api", "exited", code=3, log="one\nno key\n")})
    assert "RAG API ended with code 3" in error.what
    assert "  no key" in error.what
    assert "lab logs api" in error.hint


def test_of_several_the_one_that_others_need_is_named(watch):
    parts = {"api": container("api", "exited", code=1), "chroma": container("chroma", health="unhealthy")}
    assert explain(said(watch, "x"), parts).what.startswith("Chroma runs and does not become healthy")


def test_data_of_another_version_are_a_cause_that_is_named_with_the_way_back(watch):
    error = explain(said(watch, "x"), {"chroma": container("chroma", "exited", code=1)})
    assert "another version" in error.hint
    assert "docker volume rm slipway_chroma" in error.hint
    assert "read again" in error.hint


def test_a_model_that_cannot_be_fetched_names_the_settings(watch):
    error = explain(said(watch, "x"), {"model-pull": container("model-pull", "exited", code=1, log="Error: file does not exist")})
    assert "CHAT_MODEL" in error.hint


def test_memory_that_ran_out_is_told(watch):
    assert "lack of memory" in explain(said(watch, "x"), {"ollama": container("ollama", "exited", code=137, OOMKilled=True)}).what


def test_a_build_that_fails_shows_its_last_lines(watch):
    watch.output.append("ERROR: No matching distribution found")
    error = explain(said(watch, "failed to solve: exit code: 1"), {})
    assert "could not be built: failed to solve" in error.what
    assert "No matching distribution" in error.what
