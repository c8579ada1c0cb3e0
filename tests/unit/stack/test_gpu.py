"""Who gets the GPU: found out by a trial, and said."""

from types import SimpleNamespace

import pytest
from docker.errors import APIError
from requests.exceptions import ReadTimeout

from lab.errors import EngineError
from lab.stack.gpu import decide, refusal
from tests.unit.stack.fake_docker import container

NO_DRIVER = 'could not select device driver "" with capabilities: [[gpu]]'


@pytest.fixture
def engine():
    """`engine(refusal)` is a client whose trial container starts, or is refused; `removed` counts what it cleaned up."""

    def make(refusal=""):
        def start():
            if refusal:
                raise APIError("400", explanation=refusal)

        client = SimpleNamespace(tried=0, removed=0)

        def create(*_, **__):
            client.tried += 1
            return SimpleNamespace(start=start, wait=lambda timeout: None, remove=remove)

        def remove(**_):
            client.removed += 1

        client.containers = SimpleNamespace(create=create)
        return client

    return make


@pytest.fixture
def linux(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")


def test_a_gpu_that_docker_gives_is_used(engine, settings, linux):
    client = engine()
    assert decide(client, settings).used
    assert (client.tried, client.removed) == (1, 1)


def test_without_one_it_is_the_cpu_and_nothing_has_to_be_edited(engine, settings, linux):
    client = engine(NO_DRIVER)
    found = decide(client, settings)
    assert (found.used, client.removed) == (False, 1)
    assert "no GPU to give" in found.words


def test_a_gpu_that_was_asked_for_and_is_absent_is_an_error(engine, settings, linux):
    with pytest.raises(EngineError) as error:
        decide(engine(NO_DRIVER), settings.model_copy(update={"lab_gpu": "on"}))
    assert NO_DRIVER in error.value.what
    assert "LAB_GPU=auto" in error.value.hint


def test_a_trial_that_does_not_end_is_a_refusal(engine, settings, linux):
    client = engine()
    trial = client.containers.create()
    trial.wait = lambda timeout: (_ for _ in ()).throw(ReadTimeout())
    client.containers.create = lambda *_, **__: trial
    assert "did not end within 20 s" in refusal(client, settings)
    assert client.removed == 1


def test_switched_off_nothing_is_tried(engine, settings):
    client = engine()
    assert not decide(client, settings.model_copy(update={"lab_gpu": "off"})).used
    assert client.tried == 0


def test_a_container_that_has_it_already_needs_no_trial(engine, settings, linux):
    client = engine()
    assert decide(client, settings, container("ollama", devices=[{"Count": -1}])).used
    assert client.tried == 0


def test_on_a_mac_docker_has_none(engine, settings, monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    client = engine()
    assert not decide(client, settings).used
    assert client.tried == 0
