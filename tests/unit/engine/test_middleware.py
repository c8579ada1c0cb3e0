"""What surrounds every request, with applications that are one function."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from lab.engine.middleware import AccessLog, CancelOnDisconnect

SCOPE: Scope = {"type": "http", "method": "POST", "path": "/api/chat", "headers": []}


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the body."""
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def fail(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("nobody foresaw this")


class Client:
    """The other end of a connection: sends these messages, then stays until it is told to go."""

    def __init__(self, *messages: Message):
        self.messages = list(messages)
        self.leaves = asyncio.Event()
        self.got: list[Message] = []

    async def receive(self) -> Message:
        if self.messages:
            return self.messages.pop(0)
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.got.append(message)


def request(app: Any) -> httpx.Response:
    async def run() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://engine") as client:
            return await client.post("/api/chat", content=b"hello")

    return asyncio.run(run())


def test_a_request_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "lab.engine")
    assert request(AccessLog(echo)).text == "hello"
    (line,) = [record.getMessage() for record in caplog.records if record.name == "lab.engine"]
    assert line.startswith("200 ")
    assert line.endswith("POST /api/chat")


@pytest.mark.parametrize(("sent", "told"), [(b"abc-1", " request_id=abc-1"), (b"forged\nline", ""), (b"", "")])
def test_a_line_ends_with_the_id_that_the_request_came_with(caplog: pytest.LogCaptureFixture, sent: bytes, told: str) -> None:
    caplog.set_level("INFO", "lab.engine")
    client = Client({"type": "http.request", "body": b""})
    asyncio.run(AccessLog(echo)({**SCOPE, "headers": [(b"x-request-id", sent)]}, client.receive, client.send))
    assert caplog.records[-1].getMessage().endswith(f"POST /api/chat{told}")


def test_an_unforeseen_error_is_answered_and_logged_with_its_place(caplog: pytest.LogCaptureFixture) -> None:
    answer = request(AccessLog(fail))
    assert (answer.status_code, answer.json()) == (500, {"error": "internal error: nobody foresaw this"})
    assert caplog.records[0].exc_info is not None


def test_the_body_arrives_in_one_piece() -> None:
    async def run() -> list[Message]:
        parts: list[Message] = [{"type": "http.request", "body": b"hel", "more_body": True}, {"type": "http.request", "body": b"lo"}]
        client = Client(*parts)
        await CancelOnDisconnect(echo)(SCOPE, client.receive, client.send)
        return client.got

    assert asyncio.run(run())[-1]["body"] == b"hello"


def test_a_client_that_goes_ends_the_work() -> None:
    ended: list[str] = []

    async def run() -> None:
        client = Client({"type": "http.request", "body": b""})

        async def work(scope: Scope, receive: Receive, send: Send) -> None:
            client.leaves.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("cleaned up")

        await asyncio.wait_for(CancelOnDisconnect(work)(SCOPE, client.receive, client.send), 5)

    asyncio.run(run())
    assert ended == ["cleaned up"]


def test_a_client_that_goes_while_it_sends_starts_no_work() -> None:
    async def run() -> list[Message]:
        client = Client({"type": "http.request", "body": b"hel", "more_body": True})
        client.leaves.set()
        await CancelOnDisconnect(fail)(SCOPE, client.receive, client.send)
        return client.got

    assert asyncio.run(run()) == []


def test_an_error_in_the_work_is_not_swallowed() -> None:
    async def run() -> None:
        client = Client({"type": "http.request", "body": b""})
        await CancelOnDisconnect(fail)(SCOPE, client.receive, client.send)

    with pytest.raises(RuntimeError, match="foresaw"):
        asyncio.run(run())
