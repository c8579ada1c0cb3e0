"""Streamed answers."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from lab.engine.completion import Piece
from lab.engine.errors import EngineError
from lab.engine.openai import Shape, _events
from lab.engine.responses import line_of, stream_lines


def sent(error: Exception) -> list[dict[str, Any]]:
    """The lines of an answer that fails after its first one."""
    messages: list[Any] = []

    async def lines() -> AsyncGenerator[bytes, None]:
        yield line_of({"status": "first"})
        raise error

    async def send(message: Any) -> None:
        messages.append(message)

    async def run() -> None:
        answer = await stream_lines(lines())
        await answer({"type": "http"}, None, send)  # type: ignore[arg-type]

    asyncio.run(run())
    assert messages[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    return [json.loads(message["body"]) for message in messages[1:-1]]


def test_an_error_is_the_last_line() -> None:
    assert sent(EngineError(500, "no such thing")) == [{"status": "first"}, {"error": "no such thing"}]


def test_an_unforeseen_error_is_the_last_line_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert sent(KeyError("x")) == [{"status": "first"}, {"error": "internal error: 'x'"}]
    assert "a streamed answer broke off" in caplog.text


def test_an_unforeseen_error_in_an_openai_stream_is_the_last_event_in_its_form() -> None:
    class Broken:
        async def batches(self) -> AsyncGenerator[list[Any], None]:
            yield [Piece("a", [])]
            raise KeyError("x")

    async def run() -> list[bytes]:
        shape = Shape("text_completion", "cmpl", "", "")
        return [event async for event in _events(Broken(), {"model": "m"}, shape)]  # type: ignore[arg-type]

    last = json.loads(asyncio.run(run())[-1].removeprefix(b"data: "))
    assert last["error"] == {"message": "internal error: 'x'", "type": "api_error", "param": None, "code": None}
