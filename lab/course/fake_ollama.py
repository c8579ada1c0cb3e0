"""A small server that answers as an Ollama server in a chosen state does: for checks that need servers that are ill."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lab.addresses import free_port


@contextmanager
def fake_ollama(stored: list[str], works: bool) -> Iterator[str]:
    """The address of a server that lists these models, and that writes with them when `works`. It ends with the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(stored, works))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def away() -> str:
    """An address at which nothing listens."""
    return f"http://127.0.0.1:{free_port()}"


def _handler(stored: list[str], works: bool) -> type[BaseHTTPRequestHandler]:
    models = {"models": [{"name": name, "model": name} for name in stored]}

    class Handler(BaseHTTPRequestHandler):
        """The paths that a readiness probe may ask."""

        def do_GET(self) -> None:
            """The constant text, the list, or 404."""
            if self.path == "/":
                self._say(200, b"Ollama is running")
            else:
                self._say(200 if self.path == "/api/tags" else 404, json.dumps(models).encode())

        def do_POST(self) -> None:
            """A model that is asked for: shown when stored; one token when it works."""
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}")
            known = asked.get("model") in stored
            if known and (works or self.path == "/api/show"):
                self._say(200, b'{"response": "Hi", "done": true, "done_reason": "length"}')
            else:
                self._say(500 if known else 404, b'{"error": "model runner has unexpectedly stopped"}')

        def _say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: a notebook would show it."""

    return Handler
