"""A chat model whose replies are written beforehand: an Ollama server for LangChain that says what a function gives it.

What a judge does with bad JSON, or a judge with a known bias, cannot be had from a real model on demand.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Reply = Callable[[dict[str, Any]], str]  # the request's JSON to what the model writes


class ScriptedChat(ThreadingHTTPServer):
    """Answers POST /api/chat. `asked` keeps the requests, `url` is its address."""

    def __init__(self, reply: Reply):
        super().__init__(("127.0.0.1", 0), _Chat)
        self.reply, self.asked = reply, list[dict[str, Any]]()
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Chat(BaseHTTPRequestHandler):
    server: ScriptedChat

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked)
        message = {"role": "assistant", "content": self.server.reply(asked)}
        about = {"model": asked["model"], "created_at": "2026-01-01T00:00:00Z", "done": True, "done_reason": "stop"}
        body = json.dumps({**about, "message": message}).encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        """Say nothing in the notebook."""


@contextmanager
def scripted_chat(*replies: str | Reply) -> Iterator[ScriptedChat]:
    """A server for the time of a `with` block. Texts come one after the other, the last one stays; a function is asked each time."""
    first = replies[0]
    left = [one for one in replies if isinstance(one, str)]
    script = first if callable(first) else lambda asked: left.pop(0) if len(left) > 1 else left[0]
    with ScriptedChat(script) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
