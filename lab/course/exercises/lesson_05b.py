"""The exercises of 05b, RAG measured: passages as text, MRR, a sign test, fused rankings, a filter, the price of a threshold."""

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.text import text

Ranks = list[int | None]


def _expect(call: str, got: Any, wanted: float, mistakes: Mapping[float, str] | None = None) -> None:
    """Raises Wrong unless `got` is the wanted number; a value among the mistakes is told in its own words."""
    if got is None:
        raise Wrong(text("{call} gave nothing back. Does the function `return` its result?", call=call))
    if isinstance(got, bool) or not isinstance(got, int | float):
        raise Wrong(text("{call} should give a number, yours gave {got}.", call=call, got=repr(got)))
    if abs(got - wanted) <= 1e-6:
        return
    for value, said in (mistakes or {}).items():
        if abs(got - value) <= 1e-6:
            raise Wrong(text("{call} gave {got}: {said}", call=call, got=f"{got:g}", said=text(said)))
    raise Wrong(text("{call} should be {wanted}, yours gave {got}.", call=call, wanted=f"{wanted:g}", got=f"{got:g}"))


TWO = [
    SimpleNamespace(page_content=words, metadata={"source": "volumes.md"})
    for words in ("A volume stays.\nA layer goes.", "Ports are open.")
]


@exercise(
    "format-docs",
    "format_docs",
    hints=(
        "Each document has its text in `page_content`. Leave out everything else.",
        '`"\\n\\n".join(...)` puts an empty line between texts.',
    ),
    wrong={
        "the-list-as-text": WrongAnswer("def format_docs(documents):\n    return str(documents)", "printed form"),
        "a-list": WrongAnswer("def format_docs(documents):\n    return [one.page_content for one in documents]", "one text"),
        "without-empty-line": WrongAnswer(
            "def format_docs(documents):\n    return ' '.join(one.page_content for one in documents)", "empty line"
        ),
        "the-first-only": WrongAnswer("def format_docs(documents):\n    return documents[0].page_content", "all documents"),
    },
)
def format_docs(format_docs: Callable[[Sequence[Any]], Any]) -> None:
    """format_docs(documents) gives their texts, an empty line between two."""
    got = format_docs(TWO)
    if not isinstance(got, str):
        raise Wrong(text("`format_docs` should return one text, yours gave a {kind}.", kind=type(got).__name__))
    if "metadata" in got or "namespace" in got:
        raise Wrong(text("That is the printed form of the documents, metadata included. Take `page_content` of each."))
    if not all(one.page_content in got for one in TWO):
        raise Wrong(text("The texts of all documents should be in it, unchanged and in order."))
    if "goes.\n\nPorts" not in got:
        raise Wrong(text("Put an empty line between two texts: that is `\\n\\n`."))


@exercise(
    "mrr",
    "mean_reciprocal_rank",
    hints=(
        "A rank of 1 gives 1, of 2 gives 1/2, `None` gives 0. Then the mean over all questions.",
        "Divide by `len(ranks)`, not by the number of questions that were found.",
    ),
    wrong={
        "misses-left-out": WrongAnswer(
            "def mean_reciprocal_rank(ranks):\n    found = [1 / rank for rank in ranks if rank]\n    return sum(found) / len(found)",
            "misses",
        ),
        "mean-rank": WrongAnswer(
            "def mean_reciprocal_rank(ranks):\n    return sum(rank or 0 for rank in ranks) / len(ranks)", "mean of the ranks"
        ),
        "sum": WrongAnswer("def mean_reciprocal_rank(ranks):\n    return sum(1 / rank for rank in ranks if rank)", "divide"),
        "no-return": WrongAnswer("def mean_reciprocal_rank(ranks):\n    total = sum(1 / rank for rank in ranks if rank)", "return"),
    },
)
def mrr(mean_reciprocal_rank: Callable[[Ranks], Any]) -> None:
    """mean_reciprocal_rank(ranks) is the mean of 1 / rank."""
    mistakes = {0.75: "the misses are left out of the mean.", 1.0: "that is the mean of the ranks.", 1.5: "that is the sum; divide it."}
    _expect("mean_reciprocal_rank([1, 2, None])", mean_reciprocal_rank([1, 2, None]), 0.5, mistakes)
    _expect("mean_reciprocal_rank([4, 4])", mean_reciprocal_rank([4, 4]), 0.25)
    _expect("mean_reciprocal_rank([None])", mean_reciprocal_rank([None]), 0.0)


_COINS = "from math import comb\ndef chance(won, lost):\n    n = won + lost\n    {}"


@exercise(
    "sign-test",
    "chance",
    hints=(
        "`comb(n, heads) / 2**n` is the probability of exactly `heads` heads in n coins. Add those from `max(won, lost)` to n.",
        "To either side means twice that sum, and a probability is at most 1: `min(1.0, 2 * ...)`.",
    ),
    wrong={
        "one-side": WrongAnswer(_COINS.format("return sum(comb(n, h) for h in range(max(won, lost), n + 1)) / 2**n"), "either side"),
        "exactly-this": WrongAnswer(_COINS.format("return 2 * comb(n, won) / 2**n"), "at least"),
        "more-than-one": WrongAnswer(_COINS.format("return 2 * sum(comb(n, h) for h in range(max(won, lost), n + 1)) / 2**n"), "at most 1"),
        "won-only": WrongAnswer(_COINS.format("return min(1.0, 2 * sum(comb(n, h) for h in range(won, n + 1)) / 2**n)"), "0.5"),
    },
)
def sign_test(chance: Callable[[int, int], Any]) -> None:
    """chance(won, lost) is the two-sided sign test."""
    _expect("chance(6, 0)", chance(6, 0), 0.03125, {0.015625: "that is one side. Uneven to either side is twice as likely."})
    _expect("chance(5, 1)", chance(5, 1), 0.21875, {0.1875: "that is exactly 5 to 1. Add what is more uneven: at least so much."})
    _expect("chance(0, 2)", chance(0, 2), 0.5)
    _expect("chance(1, 1)", chance(1, 1), 1.0, {1.5: "a probability is at most 1."})


_FUSE = """
def fuse(rankings, constant=60):
    points = {{}}
    for ranking in rankings:
        for rank, id in enumerate(ranking{}):
{}
    {}
"""


def _fuse(start: str = ", 1", add: str = "points[id] = points.get(id, 0) + 1 / (constant + rank)", end: str = "") -> str:
    return _FUSE.format(start, " " * 12 + add, end or "return sorted(points, key=points.get, reverse=True)")


@exercise(
    "fuse",
    "fuse",
    hints=(
        "Keep a dictionary from id to points. `points.get(id, 0)` is 0 for an id that is new.",
        "`enumerate(ranking, start=1)` gives ranks; `sorted(points, key=points.get, reverse=True)` gives the ids, most points first.",
    ),
    wrong={
        "one-list-after-the-other": WrongAnswer(
            "def fuse(rankings, constant=60):\n    return [i for r in rankings for i in r]", "more than once"
        ),
        "not-added": WrongAnswer(_fuse(add="points[id] = 1 / (constant + rank)"), "b first"),
        "fewest-first": WrongAnswer(_fuse(end="return sorted(points, key=points.get)"), "most points first"),
        "constant-left-out": WrongAnswer(_fuse(add="points[id] = points.get(id, 0) + 1 / rank"), "constant"),
        "points-returned": WrongAnswer(_fuse(end="return points"), "list of ids"),
        "printed": WrongAnswer(_fuse(end="print(points)"), "list of ids"),
    },
)
def fuse(fuse: Callable[..., Any]) -> None:
    """fuse(rankings) is reciprocal rank fusion."""
    got = fuse([["a", "b", "c"], ["b", "d"]])
    if not isinstance(got, list):
        raise Wrong(text("`fuse` should return a list of ids, yours gave a {kind}.", kind=type(got).__name__))
    if len(got) != len(set(got)):
        raise Wrong(text("An id stands in your result more than once. Add the points of all its places."))
    if got == ["c", "d", "a", "b"]:
        raise Wrong(text("Turn the order round: most points first."))
    if got != ["b", "a", "d", "c"]:
        raise Wrong(
            text("`[[a, b, c], [b, d]]` should have b first, since two rankings name it, then a, d and c; yours gave {got}.", got=got)
        )
    # with a constant of 60 two middle places beat one first place, without it they don't
    if fuse([["x", "p", "q", "m"], ["y", "r", "s", "m"]])[0] != "m":
        raise Wrong(text("Two fourth places should beat one first place with the constant 60. Is the rank added to `constant`?"))
    if fuse([["x", "p", "q", "m"], ["y", "r", "s", "m"]], constant=0)[0] == "m":
        raise Wrong(text("With `constant=0` a first place should win. Use the argument `constant`."))


PASSAGES = [
    {"source": source, "position": position}
    for source in ("volumes.md", "backing-up-volumes.md", "compose-files.md")
    for position in (0, 1, 2)
]
WANTED = [one for one in PASSAGES if one["source"] != "compose-files.md" and one["position"] != 0]
TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": lambda value, given: value == given,
    "$ne": lambda value, given: value != given,
    "$gt": lambda value, given: value > given,
    "$gte": lambda value, given: value >= given,
    "$lt": lambda value, given: value < given,
    "$lte": lambda value, given: value <= given,
    "$in": lambda value, given: value in given,
    "$nin": lambda value, given: value not in given,
}


@exercise(
    "filter",
    "my_filter",
    hints=(
        '`{"$and": [first, second]}` joins two conditions. Each condition is a dictionary of its own.',
        'The first is `{"source": {"$in": trusted}}`; the second has the same form, with `position` and `$gt`.',
    ),
    wrong={
        "two-keys": WrongAnswer(
            "my_filter = {'source': {'$in': ['volumes.md', 'backing-up-volumes.md']}, 'position': {'$gt': 0}}", "one operator"
        ),
        "one-article": WrongAnswer("my_filter = {'$and': [{'source': 'volumes.md'}, {'position': {'$gt': 0}}]}", "leaves out"),
        "the-introduction-too": WrongAnswer("my_filter = {'source': {'$in': ['volumes.md', 'backing-up-volumes.md']}}", "lets through"),
        "or": WrongAnswer(
            "my_filter = {'$or': [{'source': {'$in': ['volumes.md', 'backing-up-volumes.md']}}, {'position': {'$gt': 0}}]}", "lets through"
        ),
        "no-dictionary": WrongAnswer("my_filter = 'volumes.md'", "dictionary"),
        "unknown-operator": WrongAnswer("my_filter = {'position': {'$more': 0}}", "$more"),
        "and-without-a-list": WrongAnswer("my_filter = {'$and': {'position': {'$gt': 0}}}", "list"),
    },
)
def filter_(my_filter: Any) -> None:
    """my_filter is a `where` of Chroma for two articles without their introductions."""
    kept = [one for one in PASSAGES if _passes(my_filter, one)]
    for one in PASSAGES:
        where = text("position {position} of {source}", **one)
        if one in kept and one not in WANTED:
            raise Wrong(text("Your filter lets through {where}.", where=where))
        if one in WANTED and one not in kept:
            raise Wrong(text("Your filter leaves out {where}.", where=where))


def _passes(where: Any, passage: Mapping[str, Any]) -> bool:
    """Chroma's rules for `where`, as far as this exercise goes."""
    if not isinstance(where, dict):
        raise Wrong(text("A filter is a dictionary, and so is each condition in it; here stands {got}.", got=repr(where)))
    if len(where) != 1:
        raise Wrong(
            text("Chroma wants exactly one operator on each level, yours has {count}. Join conditions with `$and`.", count=len(where))
        )
    [(key, given)] = where.items()
    if key in ("$and", "$or"):
        if not isinstance(given, list) or len(given) < 2:
            raise Wrong(text("`{key}` takes a list of two conditions or more.", key=key))
        return (all if key == "$and" else any)(_passes(one, passage) for one in given)
    if key not in passage:
        raise Wrong(text("`{key}` is neither `source` nor `position` nor `$and`.", key=key))
    [(operator, value)] = given.items() if isinstance(given, dict) and len(given) == 1 else [("$eq", given)]
    if operator not in TESTS:
        raise Wrong(text("Chroma does not know the operator `{operator}`.", operator=operator))
    return TESTS[operator](passage[key], value)


_TRADE = "def trade_off(known, unknown, threshold):\n    answered = sum({}) / {}\n    refused = sum({}) / len(unknown)\n    return {}"


def _trade(
    known: str = "s >= threshold for s in known",
    unknown: str = "s < threshold for s in unknown",
    count: str = "len(known)",
    pair: str = "answered, refused",
) -> str:
    return _TRADE.format(known, count, unknown, pair)


@exercise(
    "trade-off",
    "trade_off",
    hints=(
        "Answered are the known scores that are `>= threshold`, refused the unknown ones that are `< threshold`.",
        "`sum(score >= threshold for score in known)` counts; divide by how many there are. Return both: `return answered, refused`.",
    ),
    wrong={
        "at-the-threshold-refused": WrongAnswer(_trade(known="s > threshold for s in known"), "exactly at"),
        "unknown-answered": WrongAnswer(_trade(unknown="s >= threshold for s in unknown"), "refused"),
        "of-all-questions": WrongAnswer(_trade(count="(len(known) + len(unknown))"), "known ones only"),
        "turned-round": WrongAnswer(_trade(pair="refused, answered"), "first"),
        "one-number": WrongAnswer(_trade(pair="answered"), "two shares"),
    },
)
def trade_off(trade_off: Callable[[list[float], list[float], float], Any]) -> None:
    """trade_off(known, unknown, threshold) gives the shares answered and refused."""
    known, unknown = [0.4, 0.5, 0.6, 0.7], [0.1, 0.2, 0.3, 0.4, 0.6]
    got = trade_off(known, unknown, 0.5)
    if not isinstance(got, tuple | list) or len(got) != 2:
        raise Wrong(text("`trade_off` should return two shares, yours gave {got}.", got=repr(got)))
    if abs(got[0] - 0.8) < 1e-6:
        raise Wrong(text("The share of known questions that are answered comes first, then that of unknown ones refused."))
    mistakes = {0.5: "a score exactly at the threshold is answered.", 1 / 3: "that is a share of all questions; take the known ones only."}
    _expect("trade_off(...)[0]", got[0], 0.75, mistakes)
    _expect("trade_off(...)[1]", got[1], 0.8, {0.2: "that is the share answered; count those that are refused."})
    _expect("trade_off([0.9], [0.9], 0.5)[1]", trade_off([0.9], [0.9], 0.5)[1], 0.0)
