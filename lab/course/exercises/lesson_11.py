"""The exercises of 11, A/B tests: a lasting variant, a summary, failures, looks, users needed, a decision."""

import builtins
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest import mock

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.text import text

_VARIANT = "from hashlib import sha256\nimport random\ndef variant_of(salt, user):\n    {}"
_EVEN = "return 'A' if sha256({}.encode()).digest()[0] < 128 else 'B'"


@exercise(
    "stable-variant",
    "variant_of",
    hints=(
        "`sha256(f'{salt}:{user}'.encode()).digest()` gives 32 bytes, the same ones in every process.",
        "`int.from_bytes(digest[:8], 'big')` is a whole number below 2 ** 64. The lower half of these numbers is A.",
    ),
    wrong={
        "hash": WrongAnswer(_VARIANT.format("return 'A' if hash(f'{salt}:{user}') % 2 else 'B'"), "hash()"),
        "random": WrongAnswer(_VARIANT.format("return random.choice('AB')"), "twice"),
        "no-salt": WrongAnswer(_VARIANT.format(_EVEN.format("user")), "salt"),
        "not-half": WrongAnswer(_VARIANT.format("return 'A' if sha256((salt + user).encode()).digest()[0] < 64 else 'B'"), "half"),
        "numbers": WrongAnswer(_VARIANT.format("return sha256((salt + user).encode()).digest()[0] % 2"), "'A' or 'B'"),
    },
)
def stable_variant(variant_of: Callable[[str, str], Any]) -> None:
    """variant_of(salt, user) is A or B: half each, lasting, and another draw for another salt."""
    users = [f"user_{number}" for number in range(400)]
    with mock.patch.object(builtins, "hash", wraps=hash) as asked:
        first = [variant_of("chunking", user) for user in users]
    if set(first) - {"A", "B"}:
        raise Wrong(text("Return 'A' or 'B'. Yours gave {got}.", got=repr(first[0])))
    if asked.called:
        raise Wrong(text("Your function asks hash(), which gives other numbers in every process. Use sha256."))
    if first != [variant_of("chunking", user) for user in users]:
        raise Wrong(text("Asked twice, a user changed the variant."))
    count = Counter(first)["A"]
    if not 140 <= count <= 260:
        raise Wrong(text("Of 400 users {count} got A; it should be about half of them.", count=count))
    same = sum(one == variant_of("reranking", user) for one, user in zip(first, users, strict=True))
    if not 140 <= same <= 260:
        raise Wrong(text("With another salt {same} of 400 users have the same variant; half would be chance. Use the salt.", same=same))


_SUMMARY = "from statistics import mean, median, stdev, pstdev\ndef summary(values):\n    {}"
_FIGURES = "return {{'count': len(values), 'mean': {}, 'std': {}, 'p50': {}}}"
_ALL = _FIGURES.format("mean(values)", "stdev(values) if len(values) > 1 else None", "median(values)")


@exercise(
    "variant-summary",
    "summary",
    hints=(
        "Nothing recorded: return {} before anything is divided.",
        "`statistics.stdev` divides by n - 1 and needs two values; `statistics.median` is p50.",
    ),
    wrong={
        "empty": WrongAnswer(_SUMMARY.format(_ALL), "StatisticsError"),
        "population": WrongAnswer(
            _SUMMARY.format("if not values: return {}\n    " + _FIGURES.format("mean(values)", "pstdev(values)", "median(values)")), "n - 1"
        ),
        "one-value": WrongAnswer(
            _SUMMARY.format("if not values: return {}\n    " + _FIGURES.format("mean(values)", "stdev(values)", "median(values)")),
            "StatisticsError",
        ),
        "mean-as-p50": WrongAnswer(
            _SUMMARY.format(
                "if not values: return {}\n    "
                + _FIGURES.format("mean(values)", "stdev(values) if len(values) > 1 else None", "mean(values)")
            ),
            "p50",
        ),
        "none": WrongAnswer(_SUMMARY.format("if not values: return None\n    " + _ALL), "empty"),
    },
)
def variant_summary(summary: Callable[[list[float]], Any]) -> None:
    """summary(values) has count, mean, std (of a sample) and p50; {} for nothing."""
    got = summary([1, 2, 3, 10])
    if not isinstance(got, dict) or set(got) != {"count", "mean", "std", "p50"}:
        raise Wrong(text("Return a dictionary with count, mean, std and p50, yours gave {got}.", got=repr(got)))
    if got["std"] is not None and abs(got["std"] - 3.5355) < 0.001:
        raise Wrong(text("Your std divides by n. These are a sample: divide by n - 1."))
    for name, wanted in (("count", 4), ("mean", 4), ("p50", 2.5), ("std", 4.0825)):
        if got[name] is None or abs(got[name] - wanted) > 0.001:
            raise Wrong(text("{name} of 1, 2, 3, 10 should be {wanted}, yours is {got}.", name=name, wanted=wanted, got=repr(got[name])))
    if summary([]) != {}:
        raise Wrong(text("Nothing recorded should give an empty dictionary, yours gave {got}.", got=repr(summary([]))))
    if summary([5])["std"] is not None:
        raise Wrong(text("One value has no spread: its std should be None."))


_TRY = "import time\ndef measured(call, record):\n    {}"
_TIMED = "started = time.perf_counter()\n    "
_TOOK = "record('latency_ms', 1000 * (time.perf_counter() - started))"


@exercise(
    "with-failures",
    "measured",
    hints=(
        "`try: answer = call()`, and in `except Exception:` record failed = 1 and return None.",
        "After it worked: record failed = 0 and the time. A failure has no time.",
    ),
    wrong={
        "skipped": WrongAnswer(
            _TRY.format(
                _TIMED + "try:\n        answer = call()\n    except Exception:\n        return None\n    " + _TOOK + "\n    return answer"
            ),
            "not recorded",
        ),
        "only-failures": WrongAnswer(
            _TRY.format(
                _TIMED
                + "try:\n        answer = call()\n    except Exception:\n        record('failed', 1)\n        return None\n    "
                + _TOOK
                + "\n    return answer"
            ),
            "failed = 0",
        ),
        "time-of-failure": WrongAnswer(
            _TRY.format(
                _TIMED
                + "answer, bad = None, 0\n    try:\n        answer = call()\n    except Exception:\n        bad = 1\n    "
                + "record('failed', bad)\n    "
                + _TOOK
                + "\n    return answer"
            ),
            "no time",
        ),
        "raised": WrongAnswer(
            _TRY.format(_TIMED + "answer = call()\n    record('failed', 0)\n    " + _TOOK + "\n    return answer"), "TimeoutError"
        ),
    },
)
def with_failures(measured: Callable[[Callable[[], str], Callable[[str, float], None]], Any]) -> None:
    """measured(call, record) records failed = 0 or 1 each time, and latency_ms when it worked."""
    worked: dict[str, float] = {}
    answer = measured(lambda: "answer", worked.__setitem__)
    if answer != "answer":
        raise Wrong(text("Return what `call()` gave, yours returned {got}.", got=repr(answer)))
    if "latency_ms" not in worked:
        raise Wrong(text("A call that worked should record latency_ms."))

    def fails() -> str:
        raise TimeoutError

    failed: dict[str, float] = {}
    if measured(fails, failed.__setitem__) is not None:
        raise Wrong(text("For a call that failed, return None."))
    if failed.get("failed") != 1:
        raise Wrong(text("The failure was not recorded: failed should be 1."))
    if "latency_ms" in failed:
        raise Wrong(text("A failure has no time that may be compared: a variant that fails at once would look fast."))
    if worked.get("failed") != 0:
        raise Wrong(text("A call that worked should record failed = 0: a share needs both kinds."))


_LOOKS = "import numpy as np\ndef ever_below(p_values, level):\n    {}"


@exercise(
    "any-look",
    "ever_below",
    hints=(
        "`p_values < level` is True for each look at which somebody would have stopped.",
        "`.any(axis=1)` says it for each experiment, and `.mean()` of that is a share.",
    ),
    wrong={
        "all-cells": WrongAnswer(_LOOKS.format("return float((p_values < level).mean())"), "of all looks"),
        "last-look": WrongAnswer(_LOOKS.format("return float((p_values[:, -1] < level).mean())"), "last look"),
        "other-axis": WrongAnswer(_LOOKS.format("return float((p_values < level).any(axis=0).mean())"), "axis"),
        "count": WrongAnswer(_LOOKS.format("return int((p_values < level).any(axis=1).sum())"), "share"),
    },
)
def any_look(ever_below: Callable[[Any, float], Any]) -> None:
    """ever_below(p_values, level) is the share of experiments (rows) with a p below the level at one look (column)."""
    import numpy as np

    p_values = np.array([[0.5, 0.01, 0.5], [0.5, 0.5, 0.5], [0.04, 0.03, 0.02], [0.9, 0.5, 0.06]])
    got = ever_below(p_values, 0.05)
    if got == 2:
        raise Wrong(text("2 experiments stop; return their share."))
    for value, said in (
        (4 / 12, "That is the share of all looks. An experiment stops at its first one."),
        (0.25, "That counts the last look only."),
        (1.0, "That says for each look whether any experiment is below: the other axis."),
    ):
        if abs(float(got) - value) < 1e-9:
            raise Wrong(text(said))
    if abs(float(got) - 0.5) > 1e-9:
        raise Wrong(text("In 2 of 4 experiments one p is below 0.05: 0.5, yours gave {got}.", got=repr(got)))


_NEEDED = (
    "import math\nfrom statsmodels.stats.power import NormalIndPower\n"
    "from statsmodels.stats.proportion import proportion_effectsize\ndef users_needed(before, after):\n"
    "    effect = proportion_effectsize(after, before)\n    {}"
)
_SOLVE = "NormalIndPower().solve_power(effect, alpha=0.05, power={}{})"


@exercise(
    "users-needed",
    "users_needed",
    hints=(
        "`proportion_effectsize(after, before)` is the difference on a scale on which all shares spread alike.",
        "`math.ceil(NormalIndPower().solve_power(effect, alpha=0.05, power=0.8))`",
    ),
    wrong={
        "one-sided": WrongAnswer(
            _NEEDED.format("return math.ceil(" + _SOLVE.format("0.8", ", alternative='larger'") + ")"), "one direction"
        ),
        "power": WrongAnswer(_NEEDED.format("return math.ceil(" + _SOLVE.format("0.5", "") + ")"), "power"),
        "both-groups": WrongAnswer(_NEEDED.format("return 2 * math.ceil(" + _SOLVE.format("0.8", "") + ")"), "one group"),
        "fraction": WrongAnswer(_NEEDED.format("return " + _SOLVE.format("0.8", "")), "whole"),
    },
)
def users_needed(users_needed: Callable[[float, float], Any]) -> None:
    """users_needed(before, after) is the number of users in each group: level 0.05, power 0.8, two-sided."""
    got = users_needed(0.80, 0.85)
    for value, said in (
        (712, "That looks for a difference in one direction only; a variant may also be worse."),
        (443, "That is the number for a power of 0.5: every second experiment would miss the difference."),
        (1806, "That is the number for both groups together; return that of one group."),
    ):
        if abs(got - value) <= 5:
            raise Wrong(text(said))
    if abs(got - 903) > 5:
        raise Wrong(text("To tell 0.80 from 0.85 each group needs about 903 users, yours gave {got}.", got=repr(got)))
    if got != int(got):
        raise Wrong(text("{got} users do not exist: round up to a whole number.", got=repr(got)))


_DECIDE = "def decide(low, high, worst, margin):\n    {}"


@exercise(
    "decision",
    "decide",
    hints=(
        "First the guardrail: when `worst` may be above `margin`, stay.",
        "Then the interval: above 0 it is the new one, and with 0 inside nothing was shown.",
    ),
    wrong={
        "no-guardrail": WrongAnswer(
            _DECIDE.format("return 'new' if low > 0 else 'old' if high < 0 else 'not shown'"),
            "guardrail",
        ),
        "middle": WrongAnswer(_DECIDE.format("return 'old' if worst > margin else 'new' if low + high > 0 else 'old'"), "0 lies inside"),
        "zero-is-equal": WrongAnswer(_DECIDE.format("return 'new' if low > 0 and worst <= margin else 'old'"), "not shown"),
        "worse-wins": WrongAnswer(
            _DECIDE.format("return 'old' if worst > margin else 'not shown' if low <= 0 <= high else 'new'"), "below 0"
        ),
    },
)
def decision(decide: Callable[[float, float, float, float], Any]) -> None:
    """decide(low, high, worst, margin) is "new", "old" or "not shown"."""
    for values, wanted, said in (
        ((0.02, 0.10, 0.01, 0.02), "new", "The whole interval is above 0, and the guardrail holds."),
        ((0.02, 0.10, 0.05, 0.02), "old", "The guardrail may be broken: it may be worse by 0.05, and 0.02 is allowed."),
        ((-0.01, 0.10, 0.01, 0.02), "not shown", "0 lies inside the interval: both directions are possible, so nothing was shown."),
        ((-0.10, -0.02, 0.01, 0.02), "old", "The whole interval is below 0: the new one is worse."),
    ):
        got = decide(*values)
        if got != wanted:
            told = ", ".join(map(str, values))
            raise Wrong(
                text(
                    "decide({told}) should be '{wanted}', yours gave {got}. {said}",
                    told=told,
                    wanted=wanted,
                    got=repr(got),
                    said=text(said),
                )
            )
