"""The exercises of 00, start here: reading a model's speed, and asking for a source."""

from collections.abc import Callable
from typing import Any

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.text import text

TOKENS, NANOSECONDS, RATE = 30, 1_500_000_000, 20.0  # 30 tokens in 1.5 seconds
# What common mistakes give for the same 30 tokens in 1.5 seconds, and what to say about each.
MISTAKES = {
    TOKENS / NANOSECONDS: "that is tokens per nanosecond. How many nanoseconds are one second?",
    TOKENS / NANOSECONDS * 1e3: "that reads the duration as milliseconds. Ollama counts in nanoseconds.",
    TOKENS / NANOSECONDS * 1e6: "that reads the duration as microseconds. Ollama counts in nanoseconds.",
    NANOSECONDS / 1e9 / TOKENS: "that is seconds per token: the value upside down.",
    NANOSECONDS / 1e9: "that is the duration in seconds. Now divide the tokens by it.",
}


@exercise(
    "speed",
    "tokens_per_second",
    hints=(
        "Speed is a count divided by a time in seconds. In which unit does Ollama give the time?",
        "One second is 1e9 nanoseconds, so `eval_duration / 1e9` is the time in seconds.",
    ),
    wrong={
        "nanoseconds-forgotten": WrongAnswer("def tokens_per_second(count, duration):\n    return count / duration", "per nanosecond"),
        "taken-for-milliseconds": WrongAnswer(
            "def tokens_per_second(count, duration):\n    return count / (duration / 1000)", "milliseconds"
        ),
        "taken-for-microseconds": WrongAnswer(
            "def tokens_per_second(count, duration):\n    return count / (duration / 1e6)", "microseconds"
        ),
        "upside-down": WrongAnswer("def tokens_per_second(count, duration):\n    return duration / 1e9 / count", "upside down"),
        "only-the-time": WrongAnswer("def tokens_per_second(count, duration):\n    return duration / 1e9", "divide the tokens"),
        "no-return": WrongAnswer("def tokens_per_second(count, duration):\n    speed = count / duration * 1e9", "return"),
        "printed-text": WrongAnswer("def tokens_per_second(count, duration):\n    return f'{count / duration * 1e9}'", "a number"),
        "constant": WrongAnswer("def tokens_per_second(count, duration):\n    return 20.0 + 0 * count", "other values"),
    },
)
def speed(tokens_per_second: Callable[[int, int], Any]) -> None:
    """tokens_per_second(eval_count, eval_duration) gives tokens per second."""
    call = f"tokens_per_second({TOKENS}, {NANOSECONDS:_})"
    got = tokens_per_second(TOKENS, NANOSECONDS)
    if got is None:
        raise Wrong(text("{call} gave nothing back. Does the function `return` its result?", call=call))
    if isinstance(got, bool) or not isinstance(got, int | float):
        raise Wrong(text("{call} should give a number, yours gave {got}.", call=call, got=repr(got)))
    for value, said in MISTAKES.items():
        if _near(got, value):
            raise Wrong(text("{call} gave {got}: {said}", call=call, got=f"{got:g}", said=text(said)))
    if not _near(got, RATE):
        raise Wrong(text("{call} should be {rate}, yours gave {got}.", call=call, rate=RATE, got=f"{got:g}"))
    if not _near(tokens_per_second(7, 2_000_000_000), 3.5):
        raise Wrong(text("It is right for 30 tokens in 1.5 seconds, but not for other values. Use both arguments."))


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-6 * abs(other)


_ANSWER = "from types import SimpleNamespace as Made\nmy_answer = Made(question='{}', state='{}', citations=[{}])"


@exercise(
    "cite",
    "my_answer",
    hints=(
        "Ask about something that the article `ports-and-networks.md` explains. Its headings are good questions.",
        'Use words of the article itself: `rag.ask("Which port does ... ?")`.',
    ),
    wrong={
        "only-the-question": WrongAnswer("my_answer = 'Which port?'", "rag.ask"),
        "not-in-the-documents": WrongAnswer(_ANSWER.format("How do I bake bread?", "refused", ""), "not in these documents"),
        "another-article": WrongAnswer(_ANSWER.format("What is a chunk?", "quoted", "Made(document='chunking.md')"), "chunking.md"),
    },
)
def cite(my_answer: Any) -> None:
    """my_answer is an Answer of the pipeline that cites ports-and-networks.md."""
    if not hasattr(my_answer, "citations"):
        raise Wrong(text("`my_answer` should be what `rag.ask(...)` returns, not the question alone."))
    if my_answer.state == "refused":
        raise Wrong(text("The lab said: not in these documents. Ask for something that the article explains."))
    cited = sorted({citation.document for citation in my_answer.citations})
    if "ports-and-networks.md" not in cited:
        raise Wrong(text("Your answer cites {documents}. Ask nearer to the article on ports.", documents=", ".join(cited)))
