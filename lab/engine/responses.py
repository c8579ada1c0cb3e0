"""Writing answers: JSON, newline-delimited JSON, and errors."""

import logging
import time
from collections.abc import AsyncGenerator
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lab.engine.errors import EngineError

log = logging.getLogger("lab.engine")

NDJSON = "application/x-ndjson"


class Json(Response):
    """One JSON object, numpy vectors included."""

    media_type = "application/json; charset=utf-8"

    def render(self, content: Any) -> bytes:
        """The bytes to send."""
        return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)


class Lines(Response):
    """A streamed answer. Ending it early, also by a client that has gone, ends what makes the lines."""

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes, None], media_type: str = NDJSON):
        super().__init__(media_type=media_type)
        del self.headers["content-length"]
        self.first = first
        self.rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the lines as they come."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            await send({"type": "http.response.body", "body": self.first, "more_body": True})
            async for line in self.rest:
                await send({"type": "http.response.body", "body": line, "more_body": True})
        except EngineError as error:  # the status has been sent: the error becomes a last line
            await send({"type": "http.response.body", "body": line_of({"error": error.message}), "more_body": True})
        except Exception as error:
            log.exception("a streamed answer broke off")
            await send({"type": "http.response.body", "body": line_of({"error": f"internal error: {error}"}), "more_body": True})
        finally:
            await self.rest.aclose()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def stream_lines(lines: AsyncGenerator[bytes, None], media_type: str = NDJSON) -> Lines:
    """A streamed answer that starts with its first line: what fails before that raises, and gets a proper status."""
    return Lines(await anext(lines, b""), lines, media_type)


def line_of(content: Any) -> bytes:
    """One line of newline-delimited JSON."""
    return orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)


def error_json(error: EngineError) -> Json:
    """An error as Ollama answers it."""
    return Json({"error": error.message}, error.status)


def now() -> str:
    """The time with nanoseconds, as Go prints it."""
    seconds, rest = divmod(time.time_ns(), 10**9)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:09d}Z"


def ns(milliseconds: float) -> int:
    """Nanoseconds."""
    return int(milliseconds * 1e6)
