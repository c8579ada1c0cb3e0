"""The exercises of lesson 10 about rankings: ids, a cut-off, nDCG, a paired interval."""

from collections.abc import Callable, Mapping, Sequence
from math import log2
from types import SimpleNamespace
from typing import Any

import numpy as np

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.text import text

NEAR = 1e-6
FOUND = "divide by k, not by what was found"


def expect_number(call: str, got: Any, wanted: float | None, mistakes: Mapping[str, float] | None = None) -> None:
    """Raises Wrong unless `got` is the wanted number (or None); a value among the mistakes is told in its own words."""
    if wanted is None:
        if got is not None:
            raise Wrong(text("{call} should be None, because nothing is relevant there; yours gave {got}.", call=call, got=repr(got)))
        return
    if got is None or isinstance(got, bool) or not isinstance(got, int | float | np.number):
        raise Wrong(text("{call} should give a number, yours gave {got}. Does it `return`?", call=call, got=repr(got)))
    if abs(got - wanted) <= NEAR:
        return
    for said, value in (mistakes or {}).items():
        if abs(got - value) <= NEAR:
            raise Wrong(text("{call} gave {got:.3f}: {said}.", call=call, got=float(got), said=text(said)))
    raise Wrong(text("{call} should be {wanted:.3f}, yours gave {got:.3f}.", call=call, wanted=wanted, got=float(got)))


def _chunk(id: str | None, source: str | None) -> SimpleNamespace:
    return SimpleNamespace(id=id, metadata={"source": source} if source else {}, page_content="text")


_IDS = "def ids_of(documents, level):\n    {}"


@exercise(
    "ids-of-a-level",
    "ids_of",
    hints=(
        'At the level "chunk" take `one.id`, at "document" take `one.metadata.get("source")`.',
        "Look at each id before you keep it: where it is None, `raise ValueError(...)`. `dict.fromkeys` keeps first places.",
    ),
    wrong={
        "metadata-id": WrongAnswer(_IDS.format("return [one.metadata.get('id') for one in documents]"), "`one.id`"),
        "none-kept": WrongAnswer(
            _IDS.format("return list(dict.fromkeys(one.id if level == 'chunk' else one.metadata.get('source') for one in documents))"),
            "ValueError",
        ),
        "a-set": WrongAnswer(_IDS.format("return {one.id if level == 'chunk' else one.metadata['source'] for one in documents}"), "list"),
        "copies": WrongAnswer(_IDS.format("return [one.id if level == 'chunk' else one.metadata['source'] for one in documents]"), "once"),
    },
)
def ids_of_a_level(ids_of: Callable[[Sequence[Any], str], Any]) -> None:
    """ids_of(documents, level) lists each id once, and refuses a missing one."""
    documents = [_chunk("b-1", "b.md"), _chunk("a-1", "a.md"), _chunk("b-2", "b.md")]
    for level, wanted in (("chunk", ["b-1", "a-1", "b-2"]), ("document", ["b.md", "a.md"])):
        got = ids_of(documents, level)
        if not isinstance(got, list):
            raise Wrong(text("A ranking has an order, so return a list; yours gave a {kind}.", kind=type(got).__name__))
        if None in got:
            raise Wrong(text("LangChain keeps the id of a chunk in `one.id`, and its document in the metadata as `source`."))
        if len(got) > len(wanted):
            raise Wrong(text("Two chunks of one document are one document: list each id once, at its first place."))
        if got != wanted:
            raise Wrong(text("At the level {level} it should be {wanted}, yours gave {got}.", level=level, wanted=wanted, got=got))
    for level in ("chunk", "document"):
        try:
            ids_of([_chunk(None, None)], level)
        except ValueError:
            continue
        raise Wrong(text("A document without an id must raise ValueError: two missing ids would be equal to each other."))


_CUT = "def precision_at(found, relevant, k):\n    {}"


@exercise(
    "cut-off",
    "precision_at",
    hints=(
        "Remove the copies first, `dict.fromkeys(found)` keeps the order; then take the first k.",
        "Divide by k, also when fewer were found: an empty place helps nobody.",
    ),
    wrong={
        "sets": WrongAnswer(_CUT.format("return len(set(found) & set(relevant)) / len(set(found))"), "no cut-off at k"),
        "copies": WrongAnswer(_CUT.format("return sum(one in relevant for one in found[:k]) / k"), "copy"),
        "cut-first": WrongAnswer(_CUT.format("return len(set(found[:k]) & set(relevant)) / k"), "before you cut"),
        "found": WrongAnswer(
            _CUT.format("first = list(dict.fromkeys(found))[:k]\n    return sum(one in relevant for one in first) / len(first)"),
            "divide by k",
        ),
    },
)
def cut_off(precision_at: Callable[[Sequence[str], Sequence[str], int], Any]) -> None:
    """precision_at(found, relevant, k) is precision of the first k, copies not counted again."""
    call = 'precision_at(["a", "a", "a", "b"], ["a"], 4)'
    slips = {"a copy brings nothing new": 0.75, FOUND: 0.5}
    expect_number(
        'precision_at(["x", "a", "b"], ["a", "b"], 1)', precision_at(["x", "a", "b"], ["a", "b"], 1), 0, {"there is no cut-off at k": 2 / 3}
    )
    expect_number(call, precision_at(["a", "a", "a", "b"], ["a"], 4), 0.25, slips)
    late = 'precision_at(["a", "a", "b"], ["a", "b"], 2)'
    expect_number(late, precision_at(["a", "a", "b"], ["a", "b"], 2), 1.0, {"remove the copies before you cut at k": 0.5})
    expect_number('precision_at(["a"], ["a"], 4)', precision_at(["a"], ["a"], 4), 0.25, {FOUND: 1.0})


_NDCG = "from math import log2\ndef ndcg(grades, judged, k):\n    {}"
_SUM = "def dcg(one): return sum((2 ** g - 1) / log2(p + 1) for p, g in enumerate(one, start=1))"


@exercise(
    "ndcg",
    "ndcg",
    hints=(
        "Write a helper `dcg(grades)`: the sum of (2 ** grade - 1) / log2(place + 1), places from 1.",
        "The best order is `sorted(judged, reverse=True)[:k]`. Where its dcg is 0, return None.",
    ),
    wrong={
        "not-normalised": WrongAnswer(_NDCG.format(f"{_SUM}\n    return dcg(grades[:k])"), "best order"),
        "found-only": WrongAnswer(
            _NDCG.format(f"{_SUM}\n    return dcg(grades[:k]) / (dcg(sorted(grades, reverse=True)[:k]) or 1)"), "not found"
        ),
        "linear": WrongAnswer(
            _NDCG.format(
                "def dcg(one): return sum(g / log2(p + 1) for p, g in enumerate(one, start=1))\n"
                "    best = dcg(sorted(judged, reverse=True)[:k])\n    return dcg(grades[:k]) / best if best else None"
            ),
            "linear gain",
        ),
        "zero": WrongAnswer(
            _NDCG.format(f"{_SUM}\n    best = dcg(sorted(judged, reverse=True)[:k])\n    return dcg(grades[:k]) / best if best else 0.0"),
            "None",
        ),
    },
)
def ndcg(ndcg: Callable[[Sequence[int], Sequence[int], int], Any]) -> None:
    """ndcg(grades, judged, k) with exponential gains."""
    gained, best = 1 + 3 / log2(3), 3 + 1 / log2(3)
    slips = {
        "divide by the sum of the best order": gained,
        "that is the linear gain, the grade itself": (1 + 2 / log2(3)) / (2 + 1 / log2(3)),
    }
    expect_number("ndcg([1, 2], [2, 1], 2)", ndcg([1, 2], [2, 1], 2), gained / best, slips)
    expect_number("ndcg([1], [2, 1], 1)", ndcg([1], [2, 1], 1), 1 / 3, {"the best order has what was not found, too": 1.0})
    expect_number("ndcg([0, 0], [], 2)", ndcg([0, 0], [], 2), None)


_BAND = "import numpy as np\ndef band(before, after):\n    {}"
_DRAW = "rng = np.random.default_rng(0)"


@exercise(
    "paired-band",
    "band",
    hints=(
        "Subtract first: `np.array(after) - np.array(before)` is one difference for each question.",
        "`rng.choice(differences, size=(2000, len(differences))).mean(axis=1)`, then the quantiles 0.025 and 0.975.",
    ),
    wrong={
        "two-groups": WrongAnswer(
            _BAND.format(
                f"{_DRAW}\n    a, b = (rng.choice(x, (2000, len(x))).mean(axis=1) for x in (before, after))\n"
                "    return tuple(np.quantile(b - a, [0.025, 0.975]))"
            ),
            "same questions",
        ),
        "turned": WrongAnswer(
            _BAND.format(
                f"{_DRAW}\n    d = np.array(before) - np.array(after)\n"
                "    return tuple(np.quantile(rng.choice(d, (2000, len(d))).mean(axis=1), [0.025, 0.975]))"
            ),
            "after minus before",
        ),
        "no-means": WrongAnswer(
            _BAND.format("d = np.array(after) - np.array(before)\n    return tuple(np.quantile(d, [0.025, 0.975]))"), "means"
        ),
    },
)
def paired_band(band: Callable[[Sequence[float], Sequence[float]], Any]) -> None:
    """band(before, after) is the paired bootstrap interval of the mean difference."""
    before = np.linspace(0, 1, 60)
    after = before + 0.1 + np.tile([0.05, -0.05], 30)
    got = band(list(before), list(after))
    if got is None or len(tuple(got)) != 2:
        raise Wrong(text("Return two numbers, the lower and the upper end."))
    low, high = map(float, got)
    if high < 0:
        raise Wrong(text("A gain should be above zero: subtract after minus before."))
    if high - low > 0.09:
        raise Wrong(
            text("The interval is {width:.2f} wide. Draw means of differences: both values belong to the same questions.", width=high - low)
        )
    if high - low < 0.01 or not low < 0.1 < high:
        raise Wrong(text("For a mean gain of 0.100 yours is {low:.3f} to {high:.3f}.", low=low, high=high))
