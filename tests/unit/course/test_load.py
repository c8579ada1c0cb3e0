"""A load of a lesson: all requests, at the wanted rate, with what came of each."""

import asyncio

import pytest
from fastapi import FastAPI, Response

from lab.course.load import MOST, load, percentile, read_lines
from lab.course.serve import serving


def test_every_request_is_sent_and_told():
    app, seen = FastAPI(), []

    @app.post("/")
    def answer():
        seen.append(1)
        return Response(status_code=200 if len(seen) < 4 else 503)

    with serving(app) as served:
        calls = asyncio.run(load(served.url, count=6, per_second=50, method="POST"))
    assert len(seen) == 6
    assert sorted(call.status for call in calls) == [200, 200, 200, 503, 503, 503]
    assert calls[5].started >= 0.1  # the sixth of 50 per second
    assert all(call.seconds > 0 for call in calls)


def test_it_does_not_wait_for_answers_before_it_sends():
    app, inside = FastAPI(), []

    @app.get("/")
    async def answer():
        inside.append(1)
        while len(inside) < 3:
            await asyncio.sleep(0.01)

    with serving(app) as served:
        assert len(asyncio.run(load(served.url, count=3, per_second=100))) == 3


def test_a_load_is_bounded():
    with pytest.raises(ValueError, match="more than"):
        asyncio.run(load("http://127.0.0.1:9", count=MOST + 1, per_second=10))


@pytest.mark.parametrize(("share", "value"), [(0.5, 5), (0.95, 10), (0.05, 1), (0, 1), (1, 10)])
def test_a_percentile_is_one_of_the_values(share, value):
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], share) == value


@pytest.fixture
def counting():
    """A server that counts to three, a line for each number."""
    app = FastAPI()

    @app.post("/")
    def numbers():
        return Response("one\ntwo\nthree\n")

    with serving(app) as served:
        yield served.url


def test_lines_come_with_their_moments(counting):
    moments, lines = zip(*read_lines(counting, {}), strict=True)
    assert lines == ("one", "two", "three")
    assert list(moments) == sorted(moments) and moments[0] > 0


def test_a_reader_may_leave(counting):
    assert [line for _, line in read_lines(counting, {}, most=2)] == ["one", "two"]
