"""A lab that is not running, and a stand-in for the servers it asks."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lab.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path, lab_variables: Callable, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a lab that does not run, on a machine where no Docker Engine answers."""
    for name, value in lab_variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PROMETHEUS_PROGRAM", sys.executable)  # any program: here none is started
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-docker.sock")
    return load_settings()


@pytest.fixture
def stand_in() -> Iterator[Callable[..., str]]:
    """`stand_in({"/path": answer}, port=0)` serves JSON, or lines of JSON for a list, and returns its address."""
    with ExitStack() as stack:

        def serve(answers: dict[str, Any], port: int = 0) -> str:
            class Handler(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    answer = answers.get(self.path)
                    lines = answer if isinstance(answer, list) else [answer]
                    self.send_response(200 if answer is not None else 404)
                    self.end_headers()
                    self.wfile.write(b"\n".join(json.dumps(line).encode() for line in lines))

                do_POST = do_GET

                def log_message(self, *_: Any) -> None:
                    pass

            server = stack.enter_context(closing_server(ThreadingHTTPServer(("127.0.0.1", port), Handler)))
            return f"http://127.0.0.1:{server.server_port}"

        yield serve


class closing_server(closing):
    """Serves in a thread until the end of the block."""

    def __enter__(self) -> ThreadingHTTPServer:
        threading.Thread(target=self.thing.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self.thing

    def __exit__(self, *_: object) -> None:
        self.thing.shutdown()
        self.thing.server_close()
