"""The exercises of 09, monitoring: time whatever happens, a percentile, tokens, a counter that began anew."""

import asyncio
import math
from collections.abc import Callable
from functools import partial
from typing import Any

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.text import text

_TRACK = "import asyncio\ndef track(work, observe, clock):\n    {}"
_BAD: dict[str, type[BaseException]] = {"error": ValueError, "timeout": TimeoutError, "cancelled": asyncio.CancelledError}


class _Clock:
    """Time that passes when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@exercise(
    "track",
    "track",
    hints=(
        "`finally` runs whatever happened: observe there, and let the error go on with `raise`.",
        "Begin with `status = 'error'`. Set it in `except TimeoutError`, in `except asyncio.CancelledError`, and after `work()`.",
    ),
    wrong={
        "success-only": WrongAnswer(
            _TRACK.format("started = clock()\n    result = work()\n    observe(clock() - started, 'success')\n    return result"),
            "was not observed",
        ),
        "exception": WrongAnswer(
            _TRACK.format(
                "started = clock()\n    try:\n        result = work()\n    except TimeoutError:\n"
                "        observe(clock() - started, 'timeout')\n"
                "        raise\n    except Exception:\n        observe(clock() - started, 'error')\n        raise\n"
                "    observe(clock() - started, 'success')\n    return result"
            ),
            "cancelled",
        ),
        "swallowed": WrongAnswer(
            _TRACK.format(
                "started, status = clock(), 'error'\n    try:\n        result = work()\n        status = 'success'\n        return result\n"
                "    except BaseException:\n        pass\n    finally:\n        observe(clock() - started, status)"
            ),
            "go on",
        ),
        "one-name": WrongAnswer(
            _TRACK.format(
                "started, status = clock(), 'error'\n    try:\n        result = work()\n        status = 'success'\n        return result\n"
                "    finally:\n        observe(clock() - started, status)"
            ),
            "`timeout`",
        ),
    },
)
def track(track: Callable[..., Any]) -> None:
    """track(work, observe, clock) observes seconds and status once, whatever happens."""
    for ending in ("success", *_BAD):
        seen: list[tuple[float, str]] = []
        clock = _Clock()

        def work(ending: str = ending, clock: _Clock = clock) -> str:
            clock.now += 7
            if ending in _BAD:
                raise _BAD[ending]
            return "answer"

        came = _outcome(partial(track, work, partial(_keep, seen), clock))
        _judge_tracked(ending, came, seen)


def _keep(seen: list[tuple[float, str]], seconds: float, status: str) -> None:
    seen.append((seconds, status))


def _outcome(call: Callable[[], Any]) -> Any:
    """What it returned, or raised: cancelling too."""
    try:
        return call()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        return error


def _judge_tracked(ending: str, came: Any, seen: list[tuple[float, str]]) -> None:
    if not seen:
        raise Wrong(text("A call that ends with {ending} was not observed. `finally` runs then, too.", ending=f"`{ending}`"))
    if len(seen) > 1:
        raise Wrong(text("A call that ends with {ending} was observed {count} times.", ending=f"`{ending}`", count=len(seen)))
    if seen[0][1] != ending:
        raise Wrong(text("A call that ends with {ending} got the status `{got}`.", ending=f"`{ending}`", got=seen[0][1]))
    if seen[0][0] != 7:
        raise Wrong(text("The call took 7 s by the clock, yours observed {got}.", got=repr(seen[0][0])))
    if ending in _BAD and not isinstance(came, _BAD[ending]):
        raise Wrong(text("The error of a call that ends with {ending} has to go on to the caller.", ending=f"`{ending}`"))
    if ending == "success" and came != "answer":
        raise Wrong(text("`track` should return what `work()` returned, yours gave {got}.", got=repr(came)))


_ESTIMATE = "def estimate(share, buckets):\n    {}"


@exercise(
    "estimate",
    "estimate",
    hints=(
        "`wanted = share * buckets[-1][1]` is the number of the event you look for. Take the first bucket that reaches it.",
        "Inside the bucket: `low + (bound - low) * (wanted - below) / (count - below)`, with bound and count of the bucket before.",
        "A bucket without an end (`math.inf`) has only its lower end to offer.",
    ),
    wrong={
        "upper-end": WrongAnswer(
            _ESTIMATE.format("wanted = share * buckets[-1][1]\n    return next(bound for bound, count in buckets if count >= wanted)"),
            "1.5",
        ),
        "not-cumulative": WrongAnswer(
            _ESTIMATE.format(
                "wanted, low, below = share * sum(c for _, c in buckets), 0, 0\n    for bound, count in buckets:\n"
                "        if below + count >= wanted:\n            return low + (bound - low) * (wanted - below) / count\n"
                "        low, below = bound, below + count"
            ),
            "already sums",
        ),
        "infinite": WrongAnswer(
            _ESTIMATE.format(
                "wanted, low, below = share * buckets[-1][1], 0, 0\n    for bound, count in buckets:\n"
                "        if count >= wanted and count > below:\n"
                "            return low + (bound - low) * (wanted - below) / (count - below)\n"
                "        low, below = bound, count"
            ),
            "no end",
        ),
    },
)
def estimate(estimate: Callable[[float, list[tuple[float, float]]], Any]) -> None:
    """estimate(share, buckets) is the percentile that Prometheus tells."""
    buckets = [(1.0, 0.0), (2.0, 10.0), (4.0, 20.0), (math.inf, 20.0)]
    got = estimate(0.25, buckets)
    if got in (1.0, 2.0):
        raise Wrong(
            text("The 5th of 10 events of a bucket from 1 to 2 is taken to be in its middle, 1.5; yours gave {got}.", got=repr(got))
        )
    if got != 1.5:
        raise Wrong(
            text("estimate(0.25, {buckets}) should be 1.5, yours gave {got}. The counts are already sums.", buckets=buckets, got=got)
        )
    if estimate(0.75, buckets) != 3.0:
        raise Wrong(text("estimate(0.75, {buckets}) should be 3.0, yours gave {got}.", buckets=buckets, got=repr(estimate(0.75, buckets))))
    last = estimate(0.95, [(10.0, 2.0), (math.inf, 8.0)])
    if last != 10.0:
        raise Wrong(text("The last bucket has no end, so its lower end, 10.0, is all that can be said; yours gave {got}.", got=repr(last)))


_TOKENS = "def tokens(message):\n    {}"


class _Message:
    """As `langchain_ollama` gives it."""

    def __init__(self, usage: dict[str, int] | None):
        self.content, self.usage_metadata = "It stays.", usage


@exercise(
    "tokens",
    "tokens",
    hints=(
        "A dictionary comes from Ollama itself: `message.get('prompt_eval_count', 0)` and `eval_count`.",
        "Anything else: `usage = getattr(message, 'usage_metadata', None) or {}`, with `input_tokens` and `output_tokens`.",
    ),
    wrong={
        "usage": WrongAnswer(_TOKENS.format("return (message.usage.total, 0) if hasattr(message, 'usage') else (0, 0)"), "usage_metadata"),
        "swapped": WrongAnswer(
            _TOKENS.format(
                "usage = message if isinstance(message, dict) else message.usage_metadata or {}\n"
                "    return usage.get('output_tokens', usage.get('eval_count', 0)), usage.get('input_tokens', "
                "usage.get('prompt_eval_count', 0))"
            ),
            "first",
        ),
        "no-dict": WrongAnswer(
            _TOKENS.format(
                "usage = getattr(message, 'usage_metadata', None) or {}\n"
                "    return usage.get('input_tokens', 0), usage.get('output_tokens', 0)"
            ),
            "prompt_eval_count",
        ),
        "no-none": WrongAnswer(
            _TOKENS.format(
                "if isinstance(message, dict):\n        return message['prompt_eval_count'], message['eval_count']\n"
                "    return message.usage_metadata['input_tokens'], message.usage_metadata['output_tokens']"
            ),
            "KeyError",
        ),
    },
)
def tokens(tokens: Callable[[Any], Any]) -> None:
    """tokens(message) is (prompt, completion), as the server counted them."""
    for message, wanted, said in (
        (_Message({"input_tokens": 30, "output_tokens": 4, "total_tokens": 34}), (30, 4), "It has them in `usage_metadata`."),
        ({"prompt_eval_count": 20, "eval_count": 3}, (20, 3), "Ollama's own names are `prompt_eval_count` and `eval_count`."),
        ({"eval_count": 3}, (0, 3), "What is missing counts 0."),
        (_Message(None), (0, 0), "What is missing counts 0."),
    ):
        got = tokens(message)
        if got == wanted[::-1] and wanted != (0, 0):
            raise Wrong(text("The prompt comes first, then the completion."))
        if tuple(got) != wanted:
            raise Wrong(text("A message with {wanted} gave {got}. {said}", wanted=wanted, got=repr(got), said=text(said)))


_INCREASE = "def increase(samples):\n    {}"


@exercise(
    "increase",
    "increase",
    hints=(
        "Go through neighbours: `for before, now in zip(samples, samples[1:])`.",
        "A counter never falls, so a smaller value means a new start: then `now` itself was added.",
    ),
    wrong={
        "ends": WrongAnswer(_INCREASE.format("return samples[-1] - samples[0]"), "began anew"),
        "never-less": WrongAnswer(_INCREASE.format("return max(0, samples[-1] - samples[0])"), "began anew"),
        "drops": WrongAnswer(_INCREASE.format("return sum(max(0, b - a) for a, b in zip(samples, samples[1:]))"), "after its new start"),
        "absolute": WrongAnswer(_INCREASE.format("return sum(abs(b - a) for a, b in zip(samples, samples[1:]))"), "after its new start"),
    },
)
def increase(increase: Callable[[list[float]], Any]) -> None:
    """increase(samples) is what a counter counted, restarts included."""
    if increase([3, 5, 9]) != 6:
        raise Wrong(text("From 3 to 9 a counter counted 6, yours gave {got}.", got=repr(increase([3, 5, 9]))))
    got = increase([10, 14, 2, 5])
    if got in (-5, 0):
        raise Wrong(
            text("10, 14, 2, 5: the program began anew between 14 and 2. It counted 4, then 2, then 3: 9. Yours gave {got}.", got=got)
        )
    if got != 9:
        raise Wrong(text("10, 14, 2, 5: the 2 were counted after its new start. That is 4 + 2 + 3 = 9, yours gave {got}.", got=repr(got)))
    if increase([7]) != 0:
        raise Wrong(text("One sample alone says nothing about an increase: 0."))
