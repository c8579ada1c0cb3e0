"""A small registry that speaks Ollama's pull protocol over real HTTP, with faults on demand."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lab.engine.manifest import CONFIG_TYPE, Layer, Manifest
from lab.engine.store import Store


@dataclass
class Registry:
    """What it serves, how it misbehaves, and what it was asked."""

    url: str = ""
    manifests: dict[str, bytes] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    redirects: bool = False  # blobs come from another host name
    ranges: bool = True  # parts of a blob can be asked for
    token: str = ""  # what a client must show
    break_after: int | None = None  # bytes of a blob after which the connection ends; once, unless always_breaks
    always_breaks: bool = False
    stall_after: int | None = None  # bytes of a blob after which nothing comes; once
    slow: threading.Event | None = None  # the second half of a blob waits for it
    ended: threading.Event = field(default_factory=threading.Event)  # lets stalled handlers go
    log: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # path and headers of each request

    def add(self, name: str, weights: bytes, **texts: str) -> str:
        """Offer a model NAMESPACE/MODEL:TAG; returns the digest of its weights."""
        path, _, tag = name.partition(":")
        config = json.dumps({"model_format": "gguf", "model_family": "llama", "context_length": 8, "capabilities": ["completion"]}).encode()
        layers = [Layer.of_kind("model", self._keep(weights), len(weights))]
        layers += [Layer.of_kind(kind, self._keep(text.encode()), len(text.encode())) for kind, text in texts.items()]
        manifest = Manifest(Layer(CONFIG_TYPE, self._keep(config), len(config)), tuple(layers))
        self.manifests[f"/v2/{path}/manifests/{tag}"] = manifest.to_bytes()
        return layers[0].digest

    def _keep(self, data: bytes) -> str:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.blobs[digest] = data
        return digest

    def gets(self, digest: str) -> list[str]:
        """The Range headers with which the blob was asked for, in turn; empty: from the beginning."""
        return [headers.get("Range", "") for path, headers in self.log if path.endswith(f"blobs/{digest}")]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: Registry

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        registry = self.registry
        registry.log.append((self.path, dict(self.headers)))
        open_to_all = self.path.startswith(("/cdn", "/token"))
        if not open_to_all and registry.token and self.headers["Authorization"] != f"Bearer {registry.token}":
            self.answer(401, b"", {"WWW-Authenticate": f'Bearer realm="{registry.url}/token",service="here",scope="repository:x:pull"'})
        elif self.path.startswith("/token"):
            self.answer(200, json.dumps({"token": registry.token}).encode())
        elif self.path in registry.manifests:
            self.answer(200, registry.manifests[self.path])
        elif data := registry.blobs.get(self.path.rpartition("/")[2]):
            self.blob(data)
        else:
            self.answer(404, b'{"errors":[{"code":"NOT_FOUND"}]}')

    def blob(self, data: bytes) -> None:
        if self.registry.redirects and not self.path.startswith("/cdn"):
            elsewhere = self.registry.url.replace("127.0.0.1", "localhost")
            self.answer(307, b"", {"Location": f"{elsewhere}/cdn{self.path}"})
            return
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked and self.registry.ranges else 0
        if start >= len(data):
            self.answer(416, b"")
            return
        headers = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
        self.answer(206 if start else 200, data[start:], headers, faulty=True)

    def answer(self, code: int, body: bytes, headers: dict[str, str] | None = None, faulty: bool = False) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # the client has gone
            self.write_badly(body) if faulty else self.wfile.write(body)

    def write_badly(self, body: bytes) -> None:
        registry = self.registry
        if registry.break_after is not None:
            self.wfile.write(body[: registry.break_after])
            registry.break_after = registry.break_after if registry.always_breaks else None
            self.close_connection = True
        elif registry.stall_after is not None:
            self.wfile.write(body[: registry.stall_after])
            registry.stall_after = None
            registry.ended.wait(30)
            self.close_connection = True
        elif registry.slow:
            self.wfile.write(body[: len(body) // 2])
            registry.slow.wait(30)
            self.wfile.write(body[len(body) // 2 :])
        else:
            self.wfile.write(body)


@pytest.fixture
def registry() -> Iterator[Registry]:
    state = Registry()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("ThisHandler", (Handler,), {"registry": state}))
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield state
    state.ended.set()
    if state.slow:
        state.slow.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")
