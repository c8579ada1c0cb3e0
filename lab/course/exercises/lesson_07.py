"""The exercises of 07, caching: a key, presence, least recently used, a lifetime, the hit rate, a threshold."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.text import text

_KEY = "import hashlib, json, unicodedata\ndef cache_key(question, options):\n    {}"
_TIDY = "' '.join(unicodedata.normalize('NFKC', question).split())"


@exercise(
    "cache-key",
    "cache_key",
    hints=(
        "Tidy the question first: `unicodedata.normalize('NFKC', question)`, then `' '.join(text.split())`.",
        "`json.dumps([question, options], sort_keys=True)` is one text for equal options, whatever their order. Hash that.",
    ),
    wrong={
        "question-only": WrongAnswer(_KEY.format(f"return hashlib.sha256({_TIDY}.encode()).hexdigest()"), "filters"),
        "order": WrongAnswer(_KEY.format(f"return hashlib.sha256(json.dumps([{_TIDY}, options]).encode()).hexdigest()"), "order"),
        "spaces": WrongAnswer(
            _KEY.format("return hashlib.sha256(json.dumps([question, options], sort_keys=True).encode()).hexdigest()"), "spaces"
        ),
        "lower-case": WrongAnswer(
            _KEY.format(f"return hashlib.sha256(json.dumps([{_TIDY}.lower(), options], sort_keys=True).encode()).hexdigest()"), "-P"
        ),
        "joined": WrongAnswer(_KEY.format(f"return {_TIDY} + json.dumps(options, sort_keys=True)"), "readable"),
    },
)
def cache_key(cache_key: Callable[[str, dict[str, Any]], Any]) -> None:
    """cache_key(question, options) is equal for requests that must get the same answer, and for no others."""
    key = cache_key("Which port?", {"top_k": 5, "source": "a.md"})
    if not isinstance(key, str):
        raise Wrong(text("`cache_key` should return a text, yours gave {got}.", got=repr(key)))
    if "Which port" in key:
        raise Wrong(text("The question is readable in your key. Hash it: keys end up in logs, and a question may be private."))
    if cache_key("Which port?", {"top_k": 5, "source": "b.md"}) == key:
        raise Wrong(text("Another filter has the same key: one reader would get what another reader's filters let through."))
    if cache_key("Which port?", {"source": "a.md", "top_k": 5}) != key:
        raise Wrong(text("The same options in another order have another key. Sort them."))
    if cache_key("  Which   port? ", {"top_k": 5, "source": "a.md"}) != key:
        raise Wrong(text("The same question with other spaces has another key."))
    if cache_key("docker run -p", {}) == cache_key("docker run -P", {}):
        raise Wrong(text("`-p` and `-P` have the same key, and they are two options of Docker: keep capital letters."))


_PRESENT = "def get_or_compute(kept, key, compute):\n    {}"


@exercise(
    "presence",
    "get_or_compute",
    hints=(
        "Ask whether the key is there, not whether the value is true: `if key in kept`.",
        "Store what `compute()` gave before you return it.",
    ),
    wrong={
        "truth": WrongAnswer(
            _PRESENT.format("value = kept.get(key)\n    if value:\n        return value\n    kept[key] = compute()\n    return kept[key]"),
            "empty list",
        ),
        "not-none": WrongAnswer(
            _PRESENT.format(
                "value = kept.get(key)\n    if value is not None:\n        return value\n    kept[key] = compute()\n    return kept[key]"
            ),
            "None",
        ),
        "never-stored": WrongAnswer(_PRESENT.format("return kept[key] if key in kept else compute()"), "stored"),
        "always": WrongAnswer(_PRESENT.format("kept[key] = compute()\n    return kept[key]"), "computed 2 times"),
    },
)
def presence(get_or_compute: Callable[[dict[str, Any], str, Callable[[], Any]], Any]) -> None:
    """get_or_compute(kept, key, compute) computes once, whatever the value is."""
    for value, name in (("text", "a text"), ([], "an empty list"), (0, "0"), (None, "None")):
        kept: dict[str, Any] = {}
        calls: list[int] = []

        def compute(value: Any = value, calls: list[int] = calls) -> Any:
            calls.append(1)
            return value

        got = [get_or_compute(kept, "key", compute) for _ in range(2)]
        if "key" not in kept:
            raise Wrong(text("The computed value is not stored under its key."))
        if len(calls) != 1:
            raise Wrong(text("Asked twice, {name} was computed {times} times.", name=name, times=len(calls)))
        if got != [value, value]:
            raise Wrong(text("Asked twice for {name}, yours gave {got}.", name=name, got=repr(got)))


_PUT = "def put(kept, key, value, most):\n    {}"


@exercise(
    "least-recently-used",
    "put",
    hints=(
        "`kept.move_to_end(key)` makes a key the newest one.",
        "While there are too many: `kept.popitem(last=False)` takes the oldest away.",
    ),
    wrong={
        "newest-goes": WrongAnswer(_PUT.format("kept[key] = value\n    while len(kept) > most:\n        kept.popitem()"), "newest"),
        "no-limit": WrongAnswer(_PUT.format("kept[key] = value\n    kept.move_to_end(key)"), "3 entries"),
        "no-renewal": WrongAnswer(
            _PUT.format("kept[key] = value\n    while len(kept) > most:\n        kept.popitem(last=False)"), "written again"
        ),
        "ignores-value": WrongAnswer(
            _PUT.format(
                "kept.setdefault(key, None)\n    kept.move_to_end(key)\n    while len(kept) > most:\n        kept.popitem(last=False)"
            ),
            "value",
        ),
    },
)
def least_recently_used(put: Callable[["OrderedDict[str, int]", str, int, int], Any]) -> None:
    """put(kept, key, value, most) stores, and lets the oldest go."""
    kept: OrderedDict[str, int] = OrderedDict()
    for number, key in enumerate(("a", "b", "c")):
        put(kept, key, number, 2)
    if len(kept) != 2:
        raise Wrong(text("After three keys with room for two, there are {count} entries.", count=len(kept)))
    if "c" not in kept:
        raise Wrong(text("The newest key is gone. `popitem(last=False)` takes the oldest one."))
    if kept.get("c") != 2:
        raise Wrong(text("The value of `c` should be 2, yours is {got}.", got=repr(kept.get("c"))))
    put(kept, "b", 9, 2)
    put(kept, "d", 3, 2)
    if list(kept) != ["b", "d"]:
        raise Wrong(text("`b` was written again, so it is newer than `c`: `c` should go. Yours kept {keys}.", keys=", ".join(kept)))


_LIFE = "def lifetime(own, left):\n    {}"


@exercise(
    "lifetime",
    "lifetime",
    hints=(
        "Redis answers -2 for a key that is gone, and -1 for one without a limit.",
        "Milliseconds to seconds: divide by 1000. Then the smaller one.",
    ),
    wrong={
        "own-only": WrongAnswer(_LIFE.format("return own"), "outlive"),
        "milliseconds": WrongAnswer(_LIFE.format("return 0 if left == -2 else own if left == -1 else min(own, left)"), "milliseconds"),
        "minus": WrongAnswer(_LIFE.format("return min(own, left / 1000)"), "-1"),
        "gone-is-own": WrongAnswer(_LIFE.format("return own if left < 0 else min(own, left / 1000)"), "gone"),
    },
)
def lifetime(lifetime: Callable[[float, int], Any]) -> None:
    """lifetime(own, left) is how long the first level may keep an entry, in seconds."""
    for own, left, wanted, said in (
        (60, 5000, 5, "In Redis it has 5 s left (5000 milliseconds); a longer copy would outlive it."),
        (60, 90_000, 60, "The own limit is 60 s."),
        (60, -1, 60, "-1 means that Redis has no limit, so the own one holds."),
        (60, -2, 0, "-2 means that it is gone."),
    ):
        got = lifetime(own, left)
        if got != wanted:
            raise Wrong(
                text(
                    "lifetime({own}, {left}) should be {wanted}, yours gave {got}. {said}",
                    own=own,
                    left=left,
                    wanted=wanted,
                    got=repr(got),
                    said=text(said),
                )
            )


_RATE = "def hit_rate(stats):\n    {}"


@exercise(
    "hit-rate",
    "hit_rate",
    hints=(
        "Hits divided by hits and misses together.",
        "Errors are neither: an outage is no cold cache. And nothing asked yet is 0.0, no division.",
    ),
    wrong={
        "errors-as-misses": WrongAnswer(
            _RATE.format("all = stats['hits'] + stats['misses'] + stats['errors']\n    return stats['hits'] / all if all else 0.0"),
            "outage",
        ),
        "division": WrongAnswer(_RATE.format("return stats['hits'] / (stats['hits'] + stats['misses'])"), "ZeroDivisionError"),
        "percent": WrongAnswer(
            _RATE.format("all = stats['hits'] + stats['misses']\n    return 100 * stats['hits'] / all if all else 0.0"), "0.25"
        ),
    },
)
def hit_rate(hit_rate: Callable[[dict[str, int]], Any]) -> None:
    """hit_rate(stats) is a share, 0.0 when nothing was asked."""
    got = hit_rate({"hits": 1, "misses": 3, "errors": 4})
    if got == 0.125:
        raise Wrong(text("That is 1 of 8: the errors were counted as misses, so an outage looks like a cold cache."))
    if got != 0.25:
        raise Wrong(text("1 hit and 3 misses are 0.25, yours gave {got}.", got=repr(got)))
    if hit_rate({"hits": 0, "misses": 0, "errors": 2}) != 0.0:
        raise Wrong(text("Before the first question the rate should be 0.0."))


_COUNT = "def count_hits(pairs, threshold):\n    {}"


@exercise(
    "threshold",
    "count_hits",
    hints=(
        "A pair is a hit when its likeness is at least the threshold.",
        "Count the hits whose second value is True, then those with False.",
    ),
    wrong={
        "above": WrongAnswer(
            _COUNT.format("hits = [same for likeness, same in pairs if likeness > threshold]\n    return sum(hits), len(hits) - sum(hits)"),
            "at least",
        ),
        "all-wrong": WrongAnswer(
            _COUNT.format("return sum(s for x, s in pairs if x >= threshold), sum(not s for x, s in pairs)"), "below the threshold"
        ),
        "one-number": WrongAnswer(_COUNT.format("return sum(s for x, s in pairs if x >= threshold)"), "two numbers"),
        "swapped": WrongAnswer(
            _COUNT.format("return sum(not s for x, s in pairs if x >= threshold), sum(s for x, s in pairs if x >= threshold)"), "first"
        ),
    },
)
def threshold(count_hits: Callable[[list[tuple[float, bool]], float], Any]) -> None:
    """count_hits(pairs, threshold) is (right hits, wrong hits)."""
    pairs = [(0.95, True), (0.9, True), (0.9, False), (0.8, True), (0.5, False), (0.4, False)]
    got = count_hits(pairs, 0.9)
    if not isinstance(got, tuple | list) or len(got) != 2:
        raise Wrong(text("Return two numbers: right hits and wrong hits. Yours gave {got}.", got=repr(got)))
    if tuple(got) == (1, 2):
        raise Wrong(text("The right hits come first, then the wrong ones."))
    if tuple(got) == (1, 0):
        raise Wrong(text("A likeness of exactly 0.9 reaches the threshold 0.9: at least."))
    if got[1] == 3:
        raise Wrong(text("Pairs below the threshold are no hits, also when they are different questions."))
    if tuple(got) != (2, 1):
        raise Wrong(text("For the threshold 0.9 these are 2 right hits and 1 wrong one, yours gave {got}.", got=repr(tuple(got))))
