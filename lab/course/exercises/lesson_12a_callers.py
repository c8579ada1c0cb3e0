"""Further exercises of 12a: pauses that grow, enough workers, a caller that waits and gives up."""

from collections.abc import Callable, Mapping
from typing import Any

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.scripted import outcome, task_api
from lab.course.text import text


def _is_between(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and low - 1e-9 <= value <= high + 1e-9


_PAUSES = "from random import uniform\ndef pauses(retries, base=1.0, cap=60.0):\n    "


@exercise(
    "pauses",
    "pauses",
    hints=(
        "`min(base * 2**n, cap)` for n from 0 is the longest pause of each attempt.",
        "`uniform(one / 2, one)` gives a number between half of it and all of it.",
    ),
    wrong={
        "no-cap": WrongAnswer(_PAUSES + "return [uniform(base * 2**n / 2, base * 2**n) for n in range(retries)]", "cap"),
        "no-chance": WrongAnswer(_PAUSES + "return [min(base * 2**n, cap) for n in range(retries)]", "same moment"),
        "from-one": WrongAnswer(
            _PAUSES + "return [uniform(min(base * 2**n, cap) / 2, min(base * 2**n, cap)) for n in range(1, retries + 1)]", "between"
        ),
        "equal": WrongAnswer(_PAUSES + "return [uniform(base / 2, base) for n in range(retries)]", "between"),
        "one-number": WrongAnswer(_PAUSES + "return uniform(base / 2, base)", "list"),
    },
)
def pauses(pauses: Callable[..., Any]) -> None:
    """pauses(retries, base, cap) grows, has a limit, and carries chance."""
    seen = []
    for _ in range(200):
        got = pauses(8, base=1.0, cap=20.0)
        if not isinstance(got, list) or len(got) != 8:
            raise Wrong(text("`pauses(8)` should give a list of 8 numbers, yours gave {got}.", got=repr(got)[:60]))
        for n, pause in enumerate(got):
            longest = min(2**n, 20)
            if isinstance(pause, int | float) and pause > 20:
                raise Wrong(text("With `cap=20`, a pause of {pause:.1f} seconds is above the cap.", pause=pause))
            if not _is_between(pause, longest / 2, longest):
                words = "Pause {n} should be between {low:g} and {high:g} seconds, yours was {pause}."
                raise Wrong(text(words, n=n, low=longest / 2, high=longest, pause=pause))
        seen.append(got[3])
    if max(seen) - min(seen) < 1:
        raise Wrong(text("All callers would come back in the same moment: add chance with `uniform`."))


def _whole(call: str, got: Any, wanted: int, mistakes: Mapping[int, str] | None = None) -> None:
    if got == wanted and not isinstance(got, bool):
        return
    said = text((mistakes or {}).get(got, "")) if isinstance(got, int) else ""
    raise Wrong(text("{call} should be {wanted}, yours gave {got}. {said}", call=call, wanted=wanted, got=repr(got), said=said).rstrip())


_NEEDED = "from math import ceil\ndef workers_needed(per_second, seconds, busy=0.7):\n    return "


@exercise(
    "workers",
    "workers_needed",
    hints=(
        "In each second `per_second * seconds` seconds of work arrive. Each process may take `busy` of them.",
        "`max(1, ceil(per_second * seconds / busy))`",
    ),
    wrong={
        "all-busy": WrongAnswer(_NEEDED + "max(1, ceil(per_second * seconds))", "whole time"),
        "rounded-down": WrongAnswer(_NEEDED + "max(1, int(per_second * seconds / busy))", "too few"),
        "zero": WrongAnswer(_NEEDED + "ceil(per_second * seconds / busy)", "at least one"),
        "divided": WrongAnswer(_NEEDED + "max(1, ceil(per_second / seconds / busy))", "times"),
    },
)
def workers(workers_needed: Callable[..., Any]) -> None:
    """workers_needed(per_second, seconds, busy) is the number of processes for a load."""
    mistakes = {7: "That many would work the whole time.", 10: "Rounded down is too few.", 12: "Multiply: tasks times seconds."}
    _whole("workers_needed(3.7, 2)", workers_needed(3.7, 2), 11, {**mistakes, 8: mistakes[7], 3: "It is tasks times seconds each."})
    _whole("workers_needed(6, 0.2)", workers_needed(6, 0.2), 2)
    _whole("workers_needed(0, 5)", workers_needed(0, 5), 1, {0: "There is always at least one."})
    _whole("workers_needed(10, 1, busy=0.5)", workers_needed(10, 1, busy=0.5), 20)


_WAIT = "from time import sleep, monotonic\ndef wait_for(client, location, seconds):\n    "


@exercise(
    "wait",
    "wait_for",
    hints=(
        "A loop: ask, look at `status`, sleep, ask again. Leave it by `return` or `raise`.",
        '`if answer["status"] in ("completed", "failed", "cancelled"): return answer`, and a deadline from `monotonic()`.',
    ),
    wrong={
        "completed-only": WrongAnswer(
            _WAIT + "end = monotonic() + seconds\n    while monotonic() < end:\n        got = client.get(location).json()\n"
            "        if got['status'] == 'completed':\n            return got\n        sleep(0.05)\n    raise TimeoutError(location)",
            "failed",
        ),
        "for-ever": WrongAnswer(
            _WAIT + "while True:\n        got = client.get(location).json()\n"
            "        if got['status'] in ('completed', 'failed', 'cancelled'):\n            return got\n        sleep(0.05)",
            "TimeoutError",
        ),
        "once": WrongAnswer(_WAIT + "return client.get(location).json()", "queued"),
        "no-pause": WrongAnswer(
            _WAIT + "end = monotonic() + seconds\n    while monotonic() < end:\n        got = client.get(location).json()\n"
            "        if got['status'] in ('completed', 'failed', 'cancelled'):\n            return got\n    raise TimeoutError(location)",
            "pause",
        ),
        "unknown": WrongAnswer(
            _WAIT + "end = monotonic() + seconds\n    while monotonic() < end:\n        got = client.get(location).json()\n"
            "        if got.get('status') in ('completed', 'failed', 'cancelled'):\n            return got\n"
            "        sleep(0.05)\n    raise TimeoutError(location)",
            "404",
        ),
    },
)
def wait(wait_for: Callable[..., Any]) -> None:
    """wait_for(client, location, seconds) asks until the task has ended, and gives up in time."""
    for ends in ("completed", "failed", "cancelled"):
        with task_api("queued", "running", "running", ends) as (client, asked):
            got = _outcome(wait_for, client, 10)
        if not isinstance(got, dict) or got.get("status") != ends:
            raise Wrong(text("A task that ends as `{ends}` should be returned, yours gave {got}.", ends=ends, got=repr(got)[:80]))
    with task_api("running") as (client, asked):
        got = _outcome(wait_for, client, 0.5)
    if not isinstance(got, TimeoutError):
        raise Wrong(text("A task that does not end within `seconds` should raise TimeoutError, yours gave {got}.", got=repr(got)[:80]))
    if len(asked) > 30:
        raise Wrong(text("Yours asked {count} times in half a second. Make a pause between two questions.", count=len(asked)))
    with task_api(404) as (client, asked):
        got = _outcome(wait_for, client, 0.5)
    if not isinstance(got, Exception) or isinstance(got, TimeoutError):
        raise Wrong(text("An unknown task (404) stays unknown: raise at once, for example with `raise_for_status()`."))


def _outcome(wait_for: Callable[..., Any], client: Any, seconds: float) -> Any:
    return outcome(lambda: wait_for(client, "/task_status/7", seconds), seconds + 2)
