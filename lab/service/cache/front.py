"""Kept answers in front of FastAPI: a body that was understood before, byte for byte, need not be understood again.

Reading a request into a model and finding its route cost more than all else about a kept answer. Whatever is not known here
goes on to FastAPI unchanged; keys, limits, the log and the counts stand outside of this and hold for every request.
"""

import time
from types import SimpleNamespace

from cachetools import LRUCache
from pydantic import BaseModel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lab.observe import log
from lab.service.cache.answers import AnswerCache
from lab.service.cache.asked import Asked, Hit, Placed
from lab.service.cache.wire import send as sendable

ROUTES = {path: SimpleNamespace(path=path) for path in ("/query", "/rag")}  # POST, answered from the cache; for log and counts
ENTRIES = 2000  # bodies that are remembered
LONGEST = 10_000  # bytes of one
SPECIAL = {b"cache-control", b"accept"}  # headers that may ask for something else than the kept answer
Known = tuple[Placed, type[BaseModel]]


class Front:
    """Answers from this process's memory, or passes on."""

    def __init__(self, app: ASGIApp, cache: "AnswerCache[BaseModel]"):
        self.app = app
        self.cache = cache
        self.known: LRUCache[bytes, Known] = LRUCache(ENTRIES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in ROUTES:
            return await self.app(scope, receive, send)
        started = time.perf_counter()
        first = await receive()
        if first["type"] != "http.request" or first.get("more_body"):
            return await self.app(scope, _again(first, receive), send)
        body = b"%b %b %b" % (scope["path"].encode(), _kind(scope), first.get("body", b""))
        known = self.known.get(body)
        if known and not _is_special(scope) and (hit := self.cache.peek_again(known[0])):
            return await _send(scope, hit, known[1], started, send)
        scope["understood"] = lambda asked, model: self._remember(body, asked, model)
        return await self.app(scope, _again(first, receive), send)

    def _remember(self, body: bytes, asked: Asked, model: type[BaseModel]) -> None:
        if len(body) < LONGEST:
            self.known[body] = Placed(asked), model


def _kind(scope: Scope) -> bytes:
    return next((value for name, value in scope["headers"] if name == b"content-type"), b"")


def _is_special(scope: Scope) -> bool:
    return any(name in SPECIAL and value not in (b"*/*", b"application/json") for name, value in scope["headers"])


async def _send(scope: Scope, hit: Hit, model: type[BaseModel], started: float, send: Send) -> None:
    log.note(cached=hit.level)
    body = sendable(hit.kept, hit.level, time.perf_counter() - started, model)
    scope["route"] = ROUTES[scope["path"]]
    headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json"), (b"x-cache", hit.level.encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _again(first: Message, receive: Receive) -> Receive:
    """`receive`, with a message that was taken out already."""
    left = [first]

    async def next_message() -> Message:
        return left.pop() if left else await receive()

    return next_message
