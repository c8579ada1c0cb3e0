"""The Redis of a lesson."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from lab.course import own_redis
from lab.settings import get_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder for one test."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    own_redis.stop("07")
    get_settings.cache_clear()


def test_it_keeps_its_files_in_the_lessons_folder_and_takes_them_away(home: Path) -> None:
    server = own_redis.start("07")
    assert redis.Redis.from_url(server.url).ping()
    assert server.folder.parent == home / "work" / "07"
    own_redis.stop("07")
    assert list((home / "work" / "07").iterdir()) == []


def test_started_again_it_is_a_new_and_empty_one() -> None:
    first = own_redis.start("07")
    redis.Redis.from_url(first.url).set("key", 1)
    second = own_redis.start("07")
    assert redis.Redis.from_url(second.url).dbsize() == 0
    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(first.url).ping()


def test_what_a_killed_kernel_left_is_removed(home: Path) -> None:
    left = home / "work" / "07" / "redis-999999999"
    left.mkdir(parents=True)
    own_redis.start("07")
    assert not left.exists()
