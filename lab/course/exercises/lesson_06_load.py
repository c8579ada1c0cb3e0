"""The exercises of 06, the RAG API, about load: a bounded gate."""

import asyncio
from collections.abc import Callable
from typing import Any

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.scripted import STILL_AT_IT, outcome
from lab.course.text import text

PATIENCE = 3.0  # seconds; a gate that works needs some milliseconds
_GATE = """
import asyncio
from fastapi import HTTPException

class Gate:
    def __init__(self, at_once, waiting):
        self.turn = asyncio.Semaphore({})
        self.room = {}

    async def __aenter__(self):
        if self.room == 0:
            {}
        self.room -= 1
        try:
            await self.turn.acquire()
        except {}:
            self.room += 1
            raise

    async def __aexit__(self, *error):
        {}
        {}
"""
_FULL = "raise HTTPException(503, 'full', {'Retry-After': '1'})"


def _gate(
    turns: str = "at_once",
    room: str = "at_once + waiting",
    full: str = _FULL,
    caught: str = "BaseException",
    leave: str = "self.room += 1",
    release: str = "self.turn.release()",
) -> str:
    return _GATE.format(turns, room, full, caught, leave, release)


@exercise(
    "gate",
    "Gate",
    hints=(
        "Count the places, `at_once + waiting`: who enters takes one, who finds none is refused. `Semaphore(at_once)` makes the rest wait.",
        "`__aexit__` gives the place back and calls `release()`. If `acquire()` is interrupted, give the place back there, too.",
    ),
    wrong={
        "no-bound": WrongAnswer(_gate(room="10**6"), "refused"),
        "nobody-waits": WrongAnswer(_gate(room="at_once"), "wait"),
        "all-at-once": WrongAnswer(_gate(turns="at_once + waiting"), "at the same time"),
        "place-is-kept": WrongAnswer(_gate(leave="pass"), "room again"),
        "turn-is-kept": WrongAnswer(_gate(release="pass"), "turn"),
        "interrupted-waiting": WrongAnswer(_gate(caught="ValueError"), "while waiting"),
        "other-status": WrongAnswer(_gate(full="raise HTTPException(500, 'full')"), "503"),
        "no-retry-after": WrongAnswer(_gate(full="raise HTTPException(503, 'full')"), "Retry-After"),
        "own-exception": WrongAnswer(_gate(full="raise RuntimeError('full')"), "HTTPException"),
        "no-context": WrongAnswer("class Gate:\n    def __init__(self, at_once, waiting):\n        pass", "async with"),
    },
)
def gate(Gate: Callable[[int, int], Any]) -> None:
    """Gate(at_once, waiting) bounds how many are inside and how many wait."""
    made = Gate(2, 1)
    if not hasattr(made, "__aenter__") or not hasattr(made, "__aexit__"):
        raise Wrong(text("`async with gate:` needs the methods `__aenter__` and `__aexit__`."))
    # a thread of its own: the notebook's loop is running, and no second one may run in the same thread
    came = outcome(lambda: asyncio.run(_judge_gate(made)), limit=PATIENCE)
    if came is STILL_AT_IT:
        raise Wrong(text("The gate never let the last one in. Whoever leaves must give the turn back: `release()`."))
    if isinstance(came, Exception):
        raise came


class _Visit:
    """One caller of the gate, who stays inside until told to leave."""

    def __init__(self, gate: Any):
        self.entered, self.leave = asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(self._run(gate))
        self.task.add_done_callback(lambda task: task.cancelled() or task.exception())  # looked at, so that nobody warns about it

    async def _run(self, gate: Any) -> None:
        async with gate:
            self.entered.set()
            await self.leave.wait()

    async def settle(self) -> "_Visit":
        """Give it the chance to get as far as it can."""
        for _ in range(10):
            await asyncio.sleep(0)
        return self


async def _judge_gate(gate: Any) -> None:
    first, second, third = [await _Visit(gate).settle() for _ in range(3)]
    if not (first.entered.is_set() and second.entered.is_set()):
        _tell(first, second)
        raise Wrong(text("`Gate(2, 1)` should let two in at the same time."))
    if third.entered.is_set():
        raise Wrong(text("`Gate(2, 1)` let three in at the same time."))
    if third.task.done():
        raise Wrong(text("With `Gate(2, 1)` the third should wait for its turn; yours was refused."))
    _judge_refusal(await _Visit(gate).settle())
    third.task.cancel()
    await asyncio.wait([third.task])
    waiting = await _Visit(gate).settle()
    if waiting.task.done():
        raise Wrong(text("One left while waiting, and there should be room again; the next was refused."))
    first.leave.set()
    await asyncio.wait([first.task])
    await waiting.entered.wait()
    last = await _Visit(gate).settle()
    if last.task.done():
        raise Wrong(text("One has left, so there should be room again; the next was refused."))
    second.task.cancel()
    await last.entered.wait()
    for visit in (waiting, last):
        visit.leave.set()
        await visit.task


def _tell(*visits: _Visit) -> None:
    for visit in visits:
        if visit.task.done() and (error := visit.task.exception()):
            raise error


def _judge_refusal(visit: _Visit) -> None:
    from fastapi import HTTPException

    if not visit.task.done():
        raise Wrong(text("Two are inside and one waits: the fourth should be refused at once; yours lets it wait."))
    error = visit.task.exception()
    if not isinstance(error, HTTPException):
        raise Wrong(text("Refuse with `HTTPException`; yours raised {error}.", error=type(error).__name__))
    if error.status_code != 503:
        raise Wrong(text("The status for too many questions is 503; yours was {status}.", status=error.status_code))
    if not (error.headers or {}).get("Retry-After"):
        raise Wrong(text("Say when to come back: the header `Retry-After`."))
