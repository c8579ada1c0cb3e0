"""The server with fixed answers, and calls that may never end."""

from threading import Event
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from lab.course.scripted import STILL_AT_IT, outcome, serving


def status(url):
    try:
        return urlopen(url, timeout=10).status
    except HTTPError as error:
        return error.code


def test_statuses_come_in_order_and_the_last_one_stays():
    with serving(503, 404) as server:
        assert [status(server.url) for _ in range(3)] == [503, 404, 404]


def test_it_knows_when_it_was_asked():
    with serving(200) as server:
        status(server.url)
        status(server.url)
    assert len(server.asked) == 2
    assert server.asked[0] < server.asked[1]


def test_it_ends_with_its_block_whatever_happens_there():
    with pytest.raises(RuntimeError), serving(200) as server:
        raise RuntimeError
    with pytest.raises(OSError, match="refused"):
        urlopen(server.url, timeout=10)


def test_an_outcome_is_what_was_returned_or_raised():
    assert outcome(lambda: 3, limit=10) == 3
    assert isinstance(outcome(lambda: 1 / 0, limit=10), ZeroDivisionError)


def test_a_call_without_end_is_left_alone():
    held = Event()
    assert outcome(held.wait, limit=0.05) is STILL_AT_IT
    held.set()


def test_a_client_that_never_gives_up_is_let_go():
    with serving(503) as server:
        done = Event()

        def ask():
            while status(server.url) != 200:
                pass
            done.set()

        assert outcome(ask, limit=0.2) is STILL_AT_IT
        server.release()
        assert done.wait(10)
