"""A real Redis: its password, its data after a crash, and its end with the process that started it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from lab import redis_server as module
from lab.errors import ServiceError
from lab.redis_server import RedisServer, answers


def test_a_client_with_the_password_reaches_it(redis_server: RedisServer) -> None:
    client = redis.Redis.from_url(f"{redis_server.url}/3", decode_responses=True)
    client.set("test_redis_server", "kept")
    assert client.get("test_redis_server") == "kept"
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_without_the_password_it_answers_nothing(redis_server: RedisServer) -> None:
    with pytest.raises(redis.exceptions.AuthenticationError):
        redis.Redis(port=redis_server.port).get("key")
    assert not answers("127.0.0.1", redis_server.port, "another")


def test_only_its_owner_can_read_the_password(redis_server: RedisServer) -> None:
    assert (redis_server.folder / "redis.conf").stat().st_mode & 0o077 == 0
    assert redis_server.password not in " ".join(psutil.Process(redis_server.pid).cmdline())


def test_after_a_crash_it_comes_back_with_what_was_written(own_redis_server: RedisServer) -> None:
    redis.Redis.from_url(own_redis_server.url).rpush("queue", "one", "two")
    own_redis_server.kill()
    with pytest.raises(redis.exceptions.ConnectionError):
        redis.Redis.from_url(own_redis_server.url).ping()
    own_redis_server.start()
    assert redis.Redis.from_url(own_redis_server.url).llen("queue") == 2


def test_it_ends_when_the_process_that_started_it_is_killed(tmp_path: Path, wait_until: Callable[..., Any]) -> None:
    code = f"from lab.redis_server import *; print(RedisServer(Path({str(tmp_path / 'with space')!r})).start().pid, flush=True); input()"
    owner = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert owner.stdout and owner.stdin
    server = psutil.Process(int(owner.stdout.readline()))
    owner.kill()
    owner.wait()
    wait_until(lambda: not server.is_running(), "the end of Redis")
    owner.stdin.close()
    owner.stdout.close()


def test_a_port_that_is_taken_is_an_error_with_its_own_words(own_redis_server: RedisServer, tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="Address already in use"):
        RedisServer(tmp_path / "second", own_redis_server.port).start()


def test_a_program_on_the_path_comes_before_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "redis-server"
    program.touch(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert module.find_redis() == program


def test_without_any_program_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ServiceError, match="REDIS_URL"):
        module.find_redis()
