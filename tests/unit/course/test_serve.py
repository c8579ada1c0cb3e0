"""Applications that a lesson serves: on a real port, with their own log, gone when stopped."""

import logging
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from lab.course.serve import asking, serve, serving, stop_all
from lab.errors import ServiceError


def app_saying(word):
    app = FastAPI()
    app.get("/word")(lambda: word)
    return app


def test_it_answers_when_serve_returns_and_no_more_when_stopped():
    served = serve(app_saying("hello"))
    assert httpx.get(f"{served.url}/word").json() == "hello"
    assert stop_all() == 1
    assert repr(served) == "<Served: stopped>"
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{served.url}/word")


def test_each_server_keeps_its_own_log():
    with serving(app_saying("one")) as one, serving(app_saying("two")) as two:
        httpx.get(f"{one.url}/word")
        httpx.get(f"{two.url}/missing")
        assert one.url != two.url
    assert [line.partition(" - ")[2] for line in one.log] == ['"GET /word HTTP/1.1" 200']
    assert [line.partition(" - ")[2] for line in two.log] == ['"GET /missing HTTP/1.1" 404']


def test_an_error_is_kept_in_one_line_and_not_shown(capfd):
    app = FastAPI()

    @app.get("/fail")
    def fail():
        raise ValueError("too high")

    with serving(app) as served:
        assert httpx.get(f"{served.url}/fail").status_code == 500
    assert served.errors == ["ValueError: too high"]
    assert capfd.readouterr().err == ""


def test_an_application_that_cannot_start_is_told():
    @asynccontextmanager
    async def lifespan(app):
        raise RuntimeError
        yield

    with pytest.raises(ServiceError, match="did not start"):
        serve(FastAPI(lifespan=lifespan))
    assert stop_all() == 0


def test_no_handler_stays_behind():
    before = list(logging.getLogger("uvicorn.access").handlers)
    with asking(app_saying("hello")) as client:
        assert client.get("/word").json() == "hello"
    assert logging.getLogger("uvicorn.access").handlers == before
