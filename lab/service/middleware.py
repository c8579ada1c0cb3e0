"""Around every request: its id, its line in the log, its numbers; who may call, how often, and how much may be sent.

Plain ASGI: Starlette's BaseHTTPMiddleware makes tasks and streams for each request, which costs more than a cached answer.
From the outside: `Observe`, then CORS (a refusal needs its headers too, or a page could not read it), then `Guard`.
"""

import logging
import secrets
import time
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lab.observe import log
from lab.observe.current import use
from lab.observe.metrics import Metrics
from lab.request_ids import sent_with
from lab.service.auth import Keys, is_near, sent_key
from lab.service.errors import INSIDE, problem
from lab.service.limits import RateLimit
from lab.service.openapi import PROBES
from lab.settings import Settings

logger = logging.getLogger("lab.service")

FREE = {*PROBES, "/docs", "/docs/oauth2-redirect", "/openapi.json"}  # how to call the rest needs no key either
GONE = 499  # nginx' number for a client that left before its answer was complete


class TooLarge(HTTPException):
    """More of a body came than a request may have."""


class Exchange:
    """One request and its answer: notes the status on the way out, and adds the request's id."""

    __slots__ = ("_send", "complete", "request_id", "status")

    def __init__(self, request_id: str, send: Send):
        self.request_id, self._send = request_id, send
        self.status, self.complete = 0, False

    async def send(self, message: Message) -> None:
        """Pass on a part of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self.request_id.encode())]
        elif message["type"] == "http.response.body" and not message.get("more_body"):
            self.complete = True
        await self._send(message)


class Observe:
    """An id, one line in the log and the counts for each request."""

    def __init__(self, app: ASGIApp, metrics: Metrics):
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = time.perf_counter()
        exchange = Exchange(sent_with(scope["headers"]) or secrets.token_hex(16), send)
        noted = log.open_request(exchange.request_id)
        use(self.metrics)
        scope["exchange"] = exchange
        self.metrics.in_flight.inc()
        try:
            await self.app(scope, receive, exchange.send)
        finally:
            self.metrics.in_flight.dec()
            self._end(scope, exchange, time.perf_counter() - started, noted)

    def _end(self, scope: Scope, exchange: Exchange, seconds: float, noted: dict[str, Any]) -> None:
        route = getattr(scope.get("route"), "path", "none")  # its template: an address may hold a question
        status = exchange.status if exchange.complete else GONE
        self.metrics.saw(route, scope["method"], status, seconds)
        log.access.info(
            "request",
            method=scope["method"],
            route=route,
            status=status,
            ms=round(seconds * 1000, 3),
            caller=scope["state"].get("caller", ""),
            request_id=exchange.request_id,
            **noted,
        )


class Guard:
    """Lets through who may call, as often and as much as they may; answers what nobody foresaw."""

    def __init__(self, app: ASGIApp, settings: Settings):
        self.app = app
        self.keys = Keys(settings.api_keys)
        self.limit = RateLimit(settings) if settings.api_rate_limit else None
        self.most = int(settings.api_max_body_mb * 1_000_000)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        try:
            headers = Headers(scope=scope)
            if refusal := await self._refusal(scope, headers):
                return await refusal(scope, receive, send)
            if "transfer-encoding" in headers:  # no length is told beforehand
                receive = _counted(receive, self.most)
            return await self.app(scope, receive, send)
        except TooLarge:  # read by a middleware, where FastAPI does not turn it into an answer
            return await too_large(self.most)(scope, receive, send)
        except Exception:
            # here, not in Starlette's own handler: that one stands outside of CORS and of the log
            logger.exception("%s failed", scope.get("route") or "A request")
            if scope["exchange"].status:
                raise  # a part of the answer is on its way: all that is left is to close the connection
            return await problem(500, "Internal Server Error", INSIDE)(scope, receive, send)

    async def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if scope["path"] in FREE:
            return None
        return self._stranger(scope, headers) or self._too_large(headers) or await self._too_often(scope)

    def _stranger(self, scope: Scope, headers: Headers) -> Response | None:
        if not self.keys:
            if is_near(headers.get("host", "")):
                return None
            return problem(403, "Forbidden", "Without keys, the API answers only to names of this machine. Set API_KEYS.")
        key = sent_key(headers.get("authorization", ""), headers.get("x-api-key", ""))
        scope["state"]["caller"] = owner = self.keys.owner(key) if key else ""
        if owner:
            return None
        what = "This key is not valid." if key else "A key is needed: send it as `Authorization: Bearer KEY` or as `X-API-Key: KEY`."
        challenge = 'Bearer realm="rag", error="invalid_token"' if key else 'Bearer realm="rag"'
        return problem(401, "Unauthorized", what, {"WWW-Authenticate": challenge})

    def _too_large(self, headers: Headers) -> Response | None:
        length = headers.get("content-length", "0")
        return too_large(self.most) if length.isdigit() and int(length) > self.most else None

    async def _too_often(self, scope: Scope) -> Response | None:
        if not self.limit:
            return None
        caller = scope["state"].get("caller") or f"address {(scope.get('client') or ('',))[0]}"
        seconds = await self.limit.wait(caller)
        if not seconds:
            return None
        return problem(429, "Too Many Requests", f"At most {self.limit.item} for each caller.", {"Retry-After": str(seconds)})


def too_large(most: int) -> Response:
    """The answer to a body of more than so many bytes."""
    # closed, because what is left of the body would be read as the next request
    return problem(413, "Content Too Large", too_large_text(most), {"Connection": "close"})


def too_large_text(most: int) -> str:
    """What a caller reads about it."""
    return f"A request may have {most / 1e6:g} MB (API_MAX_BODY_MB); send many documents in parts, to /batch_index."


def _counted(receive: Receive, most: int) -> Receive:
    left = most

    async def count() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise TooLarge(413, too_large_text(most), {"Connection": "close"})
        return message

    return count
