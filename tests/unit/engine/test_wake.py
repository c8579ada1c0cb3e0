"""A piece that comes while the reader empties the queue."""

import asyncio
import threading
from collections import deque
from typing import Any

from lab.engine.completion import Completion


class EmptiedMeanwhile(deque[Any]):
    """The reader takes what waits in the moment before the next piece is added."""

    def append(self, item: Any) -> None:
        self.clear()
        super().append(item)


def test_a_piece_that_comes_while_the_reader_reads_wakes_it() -> None:
    async def run() -> None:
        end = threading.Event()
        completion = Completion(lambda body, receive: end.wait(10), {})
        completion._waiting = EmptiedMeanwhile([b"earlier"])
        completion._receive(b"piece")
        await asyncio.wait_for(completion._wake.wait(), 2)
        end.set()
        await completion.aclose()

    asyncio.run(run())
