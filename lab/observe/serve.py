"""A small HTTP server for one registry: every path gives its metrics, and /health says that it lives."""

import json
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app


class Server(ThreadingMixIn, WSGIServer):
    """One thread for each scrape, so that a slow one keeps nobody waiting."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Writes no line for each scrape."""

    def log_message(self, format: str, *values: Any) -> None:
        """Nothing."""


def serve(registry: CollectorRegistry, host: str, port: int) -> Server:
    """Serve it from now on, in a thread that ends with the process. Raises OSError when the port is taken."""
    server = make_server(host, port, _app(registry), Server, Quiet)
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def _app(registry: CollectorRegistry) -> Callable[..., Iterable[bytes]]:
    metrics = make_wsgi_app(registry)

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/health":
            made: Iterable[bytes] = metrics(environ, start_response)
            return made
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"status": "ok"}).encode()]

    return app
