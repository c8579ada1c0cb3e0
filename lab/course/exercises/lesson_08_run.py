"""The exercises of 08, batch indexing, about a long run: progress that is true, and resume."""

from collections.abc import Callable
from typing import Any

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.text import text


@exercise(
    "progress",
    "index_with_progress",
    hints=(
        "`jobs = {pool.submit(index, batch): number for number, batch in enumerate(batches)}` remembers which job is which.",
        "`for job in as_completed(jobs):` gives each one when it ends; `job.exception()` is None when it went well.",
    ),
    wrong={
        "returns-nothing": WrongAnswer(
            "from concurrent.futures import ThreadPoolExecutor, as_completed\n"
            "def index_with_progress(batches, index, workers, show):\n"
            "    with ThreadPoolExecutor(workers) as pool:\n"
            "        jobs = [pool.submit(index, batch) for batch in batches]\n"
            "        for done, job in enumerate(as_completed(jobs), 1):\n            show(done)",
            "total",
        ),
        "in-order": WrongAnswer(
            "from concurrent.futures import ThreadPoolExecutor\n"
            "def index_with_progress(batches, index, workers, show):\n"
            "    total, failed = 0, {}\n"
            "    with ThreadPoolExecutor(workers) as pool:\n"
            "        jobs = [pool.submit(index, batch) for batch in batches]\n"
            "        for n, job in enumerate(jobs):\n"
            "            if job.exception():\n                failed[n] = job.exception()\n"
            "            else:\n                total += job.result()\n            show(n + 1)\n"
            "    return total, failed",
            "as_completed",
        ),
        "first-error-ends-it": WrongAnswer(
            "from concurrent.futures import ThreadPoolExecutor, as_completed\n"
            "def index_with_progress(batches, index, workers, show):\n"
            "    total = 0\n"
            "    with ThreadPoolExecutor(workers) as pool:\n"
            "        jobs = [pool.submit(index, batch) for batch in batches]\n"
            "        for done, job in enumerate(as_completed(jobs), 1):\n            total += job.result()\n            show(done)\n"
            "    return total, {}",
            "refused",
        ),
    },
)
def progress(index_with_progress: Callable[..., Any]) -> None:
    """index_with_progress(batches, index, workers, show) gives the total and the failures, and moves when a batch ends."""
    from threading import Event

    shown: list[int] = []
    others = Event()  # set when the other batches were shown: until then the first batch is at work
    waited: list[bool] = []

    def index(batch: list[int]) -> int:
        if batch[0] == 0:
            waited.append(others.wait(1.0))
        if batch[0] == 4:
            raise ValueError("refused")
        return len(batch)

    def show(done: int) -> None:
        shown.append(done)
        if done == 2:
            others.set()

    got = index_with_progress([[0, 1], [2, 3], [4, 5]], index, 3, show)
    if not isinstance(got, tuple) or len(got) != 2:
        raise Wrong(text("Return the total and the failures. Yours gave {got}.", got=repr(got)))
    if waited != [True]:
        raise Wrong(text("The bar stood still until the slow first batch ended, although the others were done: use `as_completed`."))
    if got[0] != 4:
        raise Wrong(text("Two batches of two were stored, so the total is 4; yours gave {got}.", got=repr(got[0])))
    if not isinstance(got[1], dict) or list(got[1]) != [2]:
        raise Wrong(text("The failures should be a dict that gives the error by the number of its batch: here number 2."))
    if shown != [1, 2, 3]:
        raise Wrong(
            text("`show` should be called with 1, 2 and 3, also for a batch that failed; yours called it with {got}.", got=str(shown))
        )


class _Kept:
    """A collection that holds two ids."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def get(self, ids: Any = None, **options: Any) -> dict[str, list[str]]:
        self.asked.append(ids)
        held = ["a", "c"]
        return {"ids": held if ids is None else [one for one in held if one in ids]}


@exercise(
    "missing",
    "missing",
    hints=(
        "`collection.get(ids=..., include=[])` tells which of these ids are there, without texts and vectors.",
        'A set makes it quick: `there = set(found["ids"])`.',
    ),
    wrong={
        "everything": WrongAnswer("def missing(collection, documents):\n    return documents", "again"),
        "what-is-there": WrongAnswer(
            "def missing(collection, documents):\n"
            "    found = collection.get(ids=[one['id'] for one in documents], include=[])\n"
            "    return [one for one in documents if one['id'] in found['ids']]",
            "not there",
        ),
        "asks-for-all": WrongAnswer(
            "def missing(collection, documents):\n"
            "    there = set(collection.get(include=[])['ids'])\n    return [one for one in documents if one['id'] not in there]",
            "these ids",
        ),
        "ids": WrongAnswer(
            "def missing(collection, documents):\n"
            "    ids = [one['id'] for one in documents]\n"
            "    there = set(collection.get(ids=ids, include=[])['ids'])\n    return [one for one in ids if one not in there]",
            "whole documents",
        ),
    },
)
def missing(missing: Callable[[Any, list[dict[str, str]]], Any]) -> None:
    """missing(collection, documents) gives the documents that are not stored, in order."""
    documents = [{"id": id, "text": f"Text {id}."} for id in "dabc"]
    collection = _Kept()
    got = missing(collection, documents)
    if got == documents:
        raise Wrong(text("All four would be embedded again, and two of them are stored already."))
    if got == [documents[1], documents[3]]:
        raise Wrong(text("These are stored. Give those back that are not there."))
    if isinstance(got, list) and got and isinstance(got[0], str):
        raise Wrong(text("Give back whole documents, not their ids: their texts are needed next."))
    if got != [documents[0], documents[2]]:
        raise Wrong(text("The documents `d` and `b` are missing, in this order; yours gave {got}.", got=repr(got)))
    if any(ids is None for ids in collection.asked):
        raise Wrong(text("Ask for these ids only: a collection may hold a million others."))
