"""Fixtures for all tests: a real lab on free ports, and waiting with a deadline."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab import addresses
from lab.redis_server import RedisServer
from lab.settings import Settings, get_settings


def pytest_configure() -> None:
    """A developer's own settings decide about no test: neither variables nor .env, here and in what tests start."""
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    os.environ["LAB_ENV_FILE"] = os.devnull
    Settings.model_config["env_file"] = None
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it, and so would what tests start


GIVEN: set[int] = set()  # ports that this process has handed out: the system may offer one twice before it is used


def _free_port() -> int:
    while (port := addresses.free_port()) in GIVEN:
        pass
    GIVEN.add(port)
    return port


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Sets variables for this process and what it starts, and puts back what was there."""
    before = dict(os.environ)
    for name in ("LAB_SERVICE", *Settings.model_fields):  # LAB_SERVICE: set in JupyterLab; what tests start is no service of that lab
        os.environ.pop(name.upper(), None)
    os.environ.update(values)
    get_settings.cache_clear()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        get_settings.cache_clear()


def _lab_variables(home: Path) -> dict[str, str]:
    ollama, chroma, api, jupyter, redis, proxy, exporter, tasks, prometheus, grafana = (str(_free_port()) for _ in range(10))
    return {
        "LAB_HOME": str(home),
        "LAB_PLACE": "embedded",
        "OLLAMA_HOST": f"http://127.0.0.1:{ollama}",
        "OLLAMA_PORT": ollama,
        "OLLAMA_MODELS": str(home / "models"),
        "CHROMA_HOST": "127.0.0.1",
        "CHROMA_PORT": chroma,
        "API_PORT": api,
        "JUPYTER_PORT": jupyter,
        "REDIS_PORT": redis,
        "PROXY_PORT": proxy,
        "EXPORTER_PORT": exporter,
        "WORKER_METRICS_PORT": tasks,
        "PROMETHEUS_PORT": prometheus,
        "GRAFANA_PORT": grafana,
        "CHAT_MODEL": "smollm2:135m",
        "EMBED_MODEL": "all-minilm",
    }


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Gives a port that was free a moment ago, each time it is called."""
    return _free_port


@pytest.fixture(scope="session")
def lab_variables() -> Callable[[Path], dict[str, str]]:
    """Gives the variables of a lab of its own: a state folder, and ports that were free a moment ago."""
    return _lab_variables


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., Any]:
    """`wait_until(condition, what="...", timeout=20)` returns the first true value of `condition()`, or fails naming `what`."""

    def wait(condition: Callable[[], Any], what: str = "a condition", timeout: float = 20) -> Any:
        deadline = time.monotonic() + timeout
        while not (value := condition()):
            if time.monotonic() > deadline:
                pytest.fail(f"waited {timeout:g} s for {what}")
            time.sleep(0.02)
        return value

    return wait


@pytest.fixture(scope="session")
def running_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a real lab (engine and Chroma, models fetched, empty index) that this session starts and stops.

    `get_settings()` in this process, and in what it starts, finds it.
    """
    from lab.stack.lifecycle import down, up

    with _environment(_lab_variables(tmp_path_factory.mktemp("lab"))):
        try:
            yield up(services=("ollama", "chroma"), ingest=False)[0]
        finally:
            down()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A real Redis of this session (`.url` is for REDIS_URL). It is shared: a test uses keys of its own, and never kills it."""
    with RedisServer(tmp_path_factory.mktemp("redis"), _free_port()) as server:
        yield server


@pytest.fixture
def own_redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of one test, empty: `.kill()` ends it as a crash does, `.stop()` in peace, `.start()` brings it back with its data."""
    with RedisServer(tmp_path / "redis", _free_port()) as server:
        yield server


@pytest.fixture(scope="session")
def engine() -> Iterator[Any]:
    """A client of the Docker Engine that DOCKER_HOST names. Without one the test is skipped, and says how to get one."""
    import docker

    try:
        client = docker.from_env(timeout=120)
    except docker.errors.DockerException as error:
        pytest.skip(f"no Docker Engine answers: start Docker, or on Debian `ci/engine.sh start` ({str(error)[:100]})")
    yield client
    client.close()
