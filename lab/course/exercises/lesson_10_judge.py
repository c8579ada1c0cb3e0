"""The exercises of lesson 10 about judges: points in their range, and Cohen's kappa."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.exercises.lesson_10 import expect_number
from lab.course.text import text

_READ = "import json\ndef scores_of(reply):\n    {}"


@exercise(
    "scores-in-range",
    "scores_of",
    hints=(
        "`json.loads(reply)` raises ValueError by itself for what is no JSON. Then look at each of NAMES.",
        '`type(value) is int and 1 <= value <= 5` refuses 7, "5", 4.5 and True. Else `raise ValueError(...)`.',
    ),
    wrong={
        "unchecked": WrongAnswer(_READ.format("return json.loads(reply)"), "7"),
        "clipped": WrongAnswer(_READ.format("return {k: min(5, max(1, int(v))) for k, v in json.loads(reply).items()}"), "7"),
        "strings": WrongAnswer(
            _READ.format(
                "found = {k: int(v) for k, v in json.loads(reply).items()}\n"
                "    if not all(1 <= v <= 5 for v in found.values()): raise ValueError\n    return found"
            ),
            '"5"',
        ),
        "none": WrongAnswer(
            _READ.format("try:\n        return json.loads(reply)\n    except ValueError:\n        return None"), "ValueError"
        ),
    },
)
def scores_in_range(scores_of: Callable[[str], Any]) -> None:
    """scores_of(reply) gives the three points, or raises ValueError."""
    names = ("accuracy_score", "relevance_score", "completeness_score")
    right = dict.fromkeys(names, 4)
    got = scores_of(json.dumps(right))
    if got != right:
        raise Wrong(text("For points of 4 each it should give {wanted}, yours gave {got}.", wanted=right, got=got))
    for value, shown in ((7, "7"), (0, "0"), ("5", '"5"'), (4.5, "4.5")):
        _refused(scores_of, json.dumps({**right, names[0]: value}), text("an accuracy of {value}", value=shown))
    _refused(scores_of, json.dumps({names[0]: 4}), text("a reply that lacks two scores"))
    _refused(scores_of, "I would say 5 of 5.", text("a reply that is no JSON"))


def _refused(scores_of: Callable[[str], Any], reply: str, what: str) -> None:
    try:
        got = scores_of(reply)
    except ValueError:
        return
    except (KeyError, TypeError) as error:
        raise Wrong(text("For {what} raise ValueError, not {error}.", what=what, error=type(error).__name__)) from error
    raise Wrong(text("For {what} raise ValueError; yours gave {got}.", what=what, got=repr(got)))


_KAPPA = "def kappa(gold, judged):\n    {}"


@exercise(
    "kappa",
    "kappa",
    hints=(
        "`share` is how often both say the same. `chance` is p * q + (1 - p) * (1 - q), p and q being the shares of True.",
        "Return (share - chance) / (1 - chance).",
    ),
    wrong={
        "agreement": WrongAnswer(_KAPPA.format("return sum(a == b for a, b in zip(gold, judged)) / len(gold)"), "chance"),
        "half": WrongAnswer(_KAPPA.format("return 2 * sum(a == b for a, b in zip(gold, judged)) / len(gold) - 1"), "half"),
        "not-divided": WrongAnswer(
            _KAPPA.format(
                "n = len(gold)\n    p, q = sum(gold) / n, sum(judged) / n\n"
                "    return sum(a == b for a, b in zip(gold, judged)) / n - (p * q + (1 - p) * (1 - q))"
            ),
            "1 - chance",
        ),
    },
)
def kappa(kappa: Callable[[Sequence[bool], Sequence[bool]], Any]) -> None:
    """kappa(gold, judged) is Cohen's, for two labels."""
    gold = [True] * 8 + [False] * 2
    slips = {"chance agreement is not taken off": 0.8, "chance is not one half here; it comes from both shares of True": 0.6}
    expect_number("kappa of a judge that always says True, 8 of 10 being True", kappa(gold, [True] * 10), 0.0, slips)
    judged = [True] * 6 + [False] * 4
    wanted = (0.8 - 0.56) / 0.44
    expect_number("kappa for agreement 0.8, chance 0.56", kappa(gold, judged), wanted, {"divide by 1 - chance": 0.24})
