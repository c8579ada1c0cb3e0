"""Known bodies are answered before FastAPI; everything else reaches it unchanged."""

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel

from lab.service.cache.asked import Asked, Hit, Placed
from lab.service.cache.front import Front

ASKED = Asked("query", "Which port?", "handbook", 5)


class Said(BaseModel):
    answer: str


class Cache:
    hit: Hit | None = Hit(b'{"answer":"8001"}', "memory")

    def peek_again(self, placed: Placed) -> Hit | None:
        return self.hit if placed.asked is ASKED else None


class Inner:
    """Reads the whole body, remembers it, and has it understood."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        self.bodies.append(body)
        if understood := scope.get("understood"):
            understood(ASKED, Said)


def call(front: Front, *parts: bytes, path: str = "/query", method: str = "POST", **headers: str) -> list[dict[str, Any]]:
    messages = [{"type": "http.request", "body": part, "more_body": part is not parts[-1]} for part in parts]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path}
    scope["headers"] = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]  # type: ignore[assignment]
    asyncio.run(front(scope, receive, send))  # type: ignore[arg-type]
    return sent


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture
def front(inner: Inner) -> Front:
    front = Front(inner, Cache())  # type: ignore[arg-type]
    call(front, b"{}")
    return front


def test_an_equal_body_is_answered_at_once(front: Front, inner: Inner) -> None:
    start, body = call(front, b"{}")
    assert (start["status"], body["body"], len(inner.bodies)) == (200, b'{"answer":"8001"}', 1)


@pytest.mark.parametrize("headers", [{"cache_control": "no-cache"}, {"accept": "text/event-stream"}, {"content_type": "text/plain"}])
def test_a_request_that_may_mean_something_else_goes_on(front: Front, inner: Inner, headers: dict[str, str]) -> None:
    assert call(front, b"{}", **headers) == []
    assert inner.bodies == [b"{}", b"{}"]


@pytest.mark.parametrize("other", [{"path": "/rag"}, {"path": "/index"}, {"method": "PUT"}])
def test_another_route_goes_on(front: Front, inner: Inner, other: dict[str, Any]) -> None:
    assert call(front, b"{}", **other) == []


def test_a_body_in_parts_arrives_whole(front: Front, inner: Inner) -> None:
    assert call(front, b"{", b"}") == []
    assert inner.bodies[-1] == b"{}"


def test_without_a_kept_answer_it_goes_on(front: Front, inner: Inner) -> None:
    front.cache.hit = None  # type: ignore[attr-defined]
    assert call(front, b"{}") == []
    assert inner.bodies == [b"{}", b"{}"]
