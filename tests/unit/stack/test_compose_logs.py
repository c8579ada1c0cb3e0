"""Logs of containers: by service, the newest lines, and whole lines while they are written."""

import pytest

from lab.errors import InputError
from lab.stack import compose_logs
from lab.stack.compose_logs import follow, named, newest
from tests.unit.stack.fake_docker import container


@pytest.fixture
def parts(monkeypatch):
    found = {"api": container("api", log="one\ntwo\nthree\n"), "ingest": container("ingest", "exited", log="done\n")}
    monkeypatch.setattr(compose_logs, "read_containers", lambda _: found)
    return found


def test_the_newest_lines_of_each_service(settings, parts):
    assert list(newest(named(settings, None), 2)) == [("api", "two"), ("api", "three"), ("ingest", "done")]


def test_an_unknown_service_lists_the_known(settings, parts):
    with pytest.raises(InputError, match="no service redis") as error:
        named(settings, "redis")
    assert "api, ingest" in error.value.hint


def test_without_containers_it_says_how_to_make_them(settings, parts):
    parts.clear()
    with pytest.raises(InputError) as error:
        named(settings, "api")
    assert "lab up" in error.value.hint


def test_following_puts_pieces_together_to_lines_and_ends_with_the_containers(settings, parts):
    word = "Tür".encode()
    parts["api"].logs = lambda **_: iter([b"fi", b"rst\r\nsecond " + word[:2], word[2:] + b"\nunfinished"])
    assert list(follow(parts)) == [("api", "first"), ("api", "second Tür"), ("api", "unfinished")]
