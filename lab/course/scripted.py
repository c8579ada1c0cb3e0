"""HTTP answers that are fixed beforehand, by a small server or inside a client: what a learner's client is judged with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from time import monotonic
from typing import Any

STILL_AT_IT = "no end"


class ScriptedServer(ThreadingHTTPServer):
    """Gives each request the next status; the last one stays. `asked` keeps when each request came, in seconds."""

    def __init__(self, *statuses: int):
        super().__init__(("127.0.0.1", 0), _Answer)
        self.statuses, self.asked = list(statuses), list[float]()
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.answered = Event()

    def release(self) -> None:
        """From now on say 200, and wait a moment for a client that does not give up: else it would be at it for ever."""
        self.statuses[:] = [200]
        self.answered.clear()
        self.answered.wait(1)


class _Answer(BaseHTTPRequestHandler):
    server: ScriptedServer

    def do_GET(self) -> None:
        statuses = self.server.statuses
        self.server.asked.append(monotonic())
        self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
        self.end_headers()
        self.server.answered.set()

    def log_message(self, *words: Any) -> None:
        """Say nothing in the notebook."""


@contextmanager
def serving(*statuses: int) -> Iterator[ScriptedServer]:
    """A server for the time of a `with` block. Example: `with serving(503, 200) as server:`."""
    with ScriptedServer(*statuses) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


@contextmanager
def task_api(*states: str | int) -> Iterator[tuple[Any, list[str]]]:
    """A client of an API whose tasks have these states, one for each question; the last one stays. A number is an error's status.

    Gives the client, and a list that grows with each path that is asked for.
    """
    import httpx

    left, asked = list(states), list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        state = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(state, int):
            return httpx.Response(state, json={"title": "Not Found", "status": state, "detail": "There is no such task."})
        return httpx.Response(200, json={"task_id": request.url.path.rpartition("/")[2], "status": state})

    with httpx.Client(transport=httpx.MockTransport(answer), base_url="http://api.example") as client:
        yield client, asked


def outcome(call: Callable[[], Any], limit: float) -> Any:
    """What the call returned, or the exception that it raised; STILL_AT_IT after `limit` seconds."""
    came: list[Any] = []

    def run() -> None:
        try:
            came.append(call())
        except Exception as error:  # whatever the learner's code raises is judged
            came.append(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(limit)
    return came[0] if came else STILL_AT_IT
