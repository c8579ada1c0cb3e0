"""Serves an ASGI application from a notebook: a real uvicorn in a thread, on a free port of this machine."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread, current_thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from lab.errors import ServiceError

if TYPE_CHECKING:
    import httpx

PATIENCE = 30.0  # seconds for an application to start
GRACE = 2  # seconds for open answers when it is stopped
_running: list["Served"] = []


class Served:
    """An application that answers at `url`. `log` holds uvicorn's access log, a line for each answer; `errors` what went wrong inside."""

    def __init__(self, app: Any, **options: Any):
        import uvicorn

        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.log: list[str] = []
        self.errors: list[str] = []
        config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=GRACE, **options)
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._run, name=self.url, daemon=True)  # ends with the kernel, however that ends

    def __repr__(self) -> str:
        return f"<Served: {'running' if self._thread.is_alive() else 'stopped'}>"

    def start(self) -> "Served":
        """Wait until it answers. Raises ServiceError when its start fails."""
        self._thread.start()
        deadline = monotonic() + PATIENCE
        while not self._server.started:
            if not self._thread.is_alive() or monotonic() > deadline:
                self.stop()
                raise ServiceError("The application did not start.", "Look at its lifespan function, which runs first.")
            sleep(0.005)
        return self

    def end(self) -> None:
        """Tell it to stop, and don't wait."""
        self._server.should_exit = True

    def stop(self) -> None:
        """Let open answers end for a moment, then close the port."""
        self.end()
        if self._thread.ident:
            self._thread.join(GRACE + 3)
        self._socket.close()

    def _run(self) -> None:
        access, errors = _kept("uvicorn.access", logging.INFO, self.log), _kept("uvicorn.error", logging.WARNING, self.errors)
        with access, errors, suppress(SystemExit):  # uvicorn's way to end when an application cannot start
            self._server.run(sockets=[self._socket])


class _Lines(logging.Handler):
    """Keeps the lines of its own thread: all servers of a process share uvicorn's loggers."""

    def __init__(self, lines: list[str]):
        super().__init__()
        self.lines, self.thread = lines, current_thread().name

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line; an error is told as `ValueError: ...`, without the way to it."""
        if record.threadName == self.thread:
            error = record.exc_info[1] if record.exc_info else None
            self.lines.append(f"{type(error).__name__}: {error}" if error else record.getMessage())


@contextmanager
def _kept(name: str, level: int, lines: list[str]) -> Iterator[None]:
    logger, handler = logging.getLogger(name), _Lines(lines)
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False  # a line on standard error would land in whichever cell runs at that moment
    try:
        yield
    finally:
        logger.removeHandler(handler)


def serve(app: Any, **options: Any) -> Served:
    """Start the application, with further options of uvicorn. Example: `url = serve(app).url`. Raises ServiceError."""
    served = Served(app, **options).start()
    _running.append(served)
    return served


def stop_all() -> int:
    """Stop every application that `serve` started, and say how many there were."""
    count = len(_running)
    for served in _running:
        served.end()  # all at once: each takes a moment
    while _running:
        _running.pop().stop()
    return count


@contextmanager
def serving(app: Any, **options: Any) -> Iterator[Served]:
    """The same for the time of a `with` block."""
    served = Served(app, **options).start()
    try:
        yield served
    finally:
        served.stop()


@contextmanager
def asking(app: Any) -> Iterator["httpx.Client"]:
    """An HTTP client of an application that is served for the time of a `with` block."""
    import httpx

    with serving(app) as served, httpx.Client(base_url=served.url, timeout=10, trust_env=False) as client:
        yield client
