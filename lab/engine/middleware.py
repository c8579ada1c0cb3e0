"""Around every request: who may call, what the log says, and ending the work of a client that has gone."""

import asyncio
import ipaddress
import logging
import socket
import time
from contextlib import suppress
from fnmatch import fnmatch
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lab.engine.environment import ServerSettings
from lab.engine.responses import Json
from lab.request_ids import sent_with

log = logging.getLogger("lab.engine")

LOCAL_ORIGINS = (
    *(f"{scheme}://{host}{port}" for host in ("localhost", "127.0.0.1", "0.0.0.0") for scheme in ("http", "https") for port in ("", ":*")),
    *("app://*", "file://*", "tauri://*", "vscode-webview://*", "vscode-file://*"),
)
CORS_HEADERS = "Authorization,Content-Type,User-Agent,Accept,X-Requested-With"
CORS_METHODS = "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS"


class CancelOnDisconnect:
    """Runs each request as a task and cancels it when its client closes the connection.

    The body is read first, so that the connection can be watched while the request runs. Uploads are passed on as they come.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"].startswith("/api/blobs/"):
            return await self.app(scope, receive, send)
        body = await _read_body(receive)
        if body is None:
            return None
        waiting = [{"type": "http.request", "body": body, "more_body": False}]
        gone = asyncio.Event()

        async def replay() -> Message:
            if waiting:
                return waiting.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        work = asyncio.ensure_future(self.app(scope, replay, send))
        watch = asyncio.ensure_future(_until_disconnect(receive))
        try:
            await asyncio.wait((work, watch), return_when=asyncio.FIRST_COMPLETED)
        finally:
            watch.cancel()
            gone.set()
            if not work.done():
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work
        return work.result() if not work.cancelled() else None


async def _read_body(receive: Receive) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class AccessLog:
    """One line per request: status, seconds, method, path, and the id that it came with. One whose client has gone counts as 499.

    What nobody foresaw is logged with its traceback and answered with 500.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started, status, ended = time.perf_counter(), 0, False

        async def note(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
            ended = ended or (message["type"] == "http.response.body" and not message.get("more_body"))
            await send(message)

        try:
            await self.app(scope, receive, note)
        except Exception as error:
            log.exception("%s %s failed", scope["method"], scope["path"])
            if not status:
                await Json({"error": f"internal error: {error}"}, 500)(scope, receive, note)
        finally:
            seconds = time.perf_counter() - started
            told = f" request_id={known}" if (known := sent_with(scope["headers"])) else ""
            log.info("%d %8.3fs %s %s%s", status if ended else 499, seconds, scope["method"], scope["path"], told)


class Gate:
    """Answers web pages from this machine and from OLLAMA_ORIGINS only; on a loopback address, only requests for a local host name."""

    def __init__(self, app: ASGIApp, settings: ServerSettings):
        self.app = app
        self.origins = (*LOCAL_ORIGINS, *settings.origins)
        self.check_host = _is_loopback(settings.host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        origin, host = headers.get("origin", ""), headers.get("host", "")
        same = origin.partition("://")[2] == host
        if origin and not same and not self._allowed(origin):
            return await _empty(send, 403)
        if self.check_host and not is_local_host(host):
            return await _empty(send, 403)
        if origin and scope["method"] == "OPTIONS":
            return await _empty(send, 204, _preflight(self._shown(origin)))
        if not origin or same:
            return await self.app(scope, receive, send)

        async def add_origin(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"access-control-allow-origin", self._shown(origin).encode())]
            await send(message)

        return await self.app(scope, receive, add_origin)

    def _allowed(self, origin: str) -> bool:
        return any(fnmatch(origin.lower(), allowed.lower()) for allowed in self.origins)

    def _shown(self, origin: str) -> str:
        return "*" if "*" in self.origins else origin


def is_local_host(header: str) -> bool:
    """Whether a Host header names this machine or a private address: a page elsewhere cannot make up such a name."""
    with suppress(ValueError):
        host = urlsplit(f"//{header}").hostname or ""
        with suppress(ValueError):
            address = ipaddress.ip_address(host)
            return address.is_loopback or address.is_private or address.is_unspecified
        return host in ("", "localhost", socket.gethostname().lower()) or host.endswith((".localhost", ".local", ".internal"))
    return False


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _preflight(origin: str) -> list[tuple[bytes, bytes]]:
    return [
        (b"access-control-allow-origin", origin.encode()),
        (b"access-control-allow-methods", CORS_METHODS.encode()),
        (b"access-control-allow-headers", CORS_HEADERS.encode()),
        (b"access-control-max-age", b"43200"),
    ]


async def _empty(send: Send, status: int, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [*(headers or []), (b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
