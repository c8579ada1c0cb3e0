"""Waiting for a condition, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

from lab.errors import EngineError

Value = TypeVar("Value")
PAUSE = 0.1  # seconds between two looks
MISTAKES = (NameError, TypeError, AttributeError)  # of whoever wrote the condition: waiting cannot mend them


def wait_until(condition: Callable[[], Value], what: str, seconds: float = 60) -> Value:
    """Call `condition` until its value is true, and return that value. Example: `wait_until(answers, "the server's first answer")`.

    An error that it raises means "not yet".
    Raises EngineError that names `what` and the last thing seen when `seconds` have passed.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            value = condition()
            if value:
                return value
            seen = f"the last look gave {value!r}"
        except MISTAKES:
            raise
        except Exception as error:  # the other side is not there yet, in whatever way its client says so
            seen = f"the last look gave {type(error).__name__}: {error}"
        if time.monotonic() >= deadline:
            raise EngineError(
                f"Waited {seconds:g} seconds for {what}, and it did not come; {seen}.",
                "Look at the container's state and log: `docker ps -a`, `docker logs NAME`.",
            )
        time.sleep(PAUSE)
