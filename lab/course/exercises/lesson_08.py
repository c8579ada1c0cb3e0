"""The exercises of 08, batch indexing: batches, store what was computed, ids, failures by batch. lesson_08_run has the others."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.text import text


@exercise(
    "batches",
    "create_batches",
    hints=(
        "`range(0, len(documents), batch_size)` gives the place where each batch begins.",
        "`yield documents[start : start + batch_size]` hands out one batch and goes on when the next is asked for.",
    ),
    wrong={
        "all-at-once": WrongAnswer(
            "def create_batches(documents, batch_size):\n"
            "    return [documents[n : n + batch_size] for n in range(0, len(documents), batch_size)]",
            "generator",
        ),
        "the-rest-is-lost": WrongAnswer(
            "def create_batches(documents, batch_size):\n"
            "    for n in range(len(documents) // batch_size):\n"
            "        yield documents[n * batch_size : (n + 1) * batch_size]",
            "last batch",
        ),
        "an-empty-batch": WrongAnswer(
            "def create_batches(documents, batch_size):\n"
            "    for n in range(len(documents) // batch_size + 1):\n"
            "        yield documents[n * batch_size : (n + 1) * batch_size]",
            "empty",
        ),
    },
)
def batches(create_batches: Callable[[Sequence[int], int], Iterator[Sequence[int]]]) -> None:
    """create_batches(documents, batch_size) yields runs of at most that many."""
    made = create_batches(list(range(5)), 2)
    if not hasattr(made, "__next__"):
        raise Wrong(text("It should be a generator: use `yield`, so that not all batches are in memory at once."))
    got = [list(batch) for batch in islice(made, 9)]
    if got == [[0, 1], [2, 3]]:
        raise Wrong(text("Of five documents the last one is missing: the last batch may be shorter."))
    if got != [[0, 1], [2, 3], [4]]:
        raise Wrong(
            text("Five documents in batches of 2 should be {wanted}, yours gave {got}.", wanted="[[0, 1], [2, 3], [4]]", got=str(got))
        )
    if [list(batch) for batch in islice(create_batches([0, 1], 2), 9)] != [[0, 1]] or list(islice(create_batches([], 2), 9)):
        raise Wrong(text("There is an empty batch. Two documents in batches of 2 are one batch, and no documents are none."))


class _Collection:
    """Notes what is stored, and how."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def upsert(self, **what: Any) -> None:
        self.calls.append(("upsert", what))

    def add(self, **what: Any) -> None:
        self.calls.append(("add", what))


@exercise(
    "index-batch",
    "index_batch",
    hints=(
        "Call `embed(texts)` once and keep what it gives.",
        "`collection.upsert(ids=ids, embeddings=vectors, documents=texts)` stores vectors that are there already.",
    ),
    wrong={
        "one-by-one": WrongAnswer(
            "def index_batch(collection, embed, ids, texts):\n"
            "    collection.upsert(ids=ids, embeddings=[embed([one])[0] for one in texts], documents=texts)\n    return len(texts)",
            "one call",
        ),
        "thrown-away": WrongAnswer(
            "def index_batch(collection, embed, ids, texts):\n"
            "    embed(texts)\n    collection.upsert(ids=ids, documents=texts)\n    return len(texts)",
            "embeddings",
        ),
        "add": WrongAnswer(
            "def index_batch(collection, embed, ids, texts):\n"
            "    collection.add(ids=ids, embeddings=embed(texts), documents=texts)\n    return len(texts)",
            "upsert",
        ),
        "no-return": WrongAnswer(
            "def index_batch(collection, embed, ids, texts):\n    collection.upsert(ids=ids, embeddings=embed(texts), documents=texts)",
            "how many",
        ),
    },
)
def index_batch(index_batch: Callable[..., Any]) -> None:
    """index_batch(collection, embed, ids, texts) embeds once and stores these vectors."""
    asked: list[list[str]] = []

    def embed(texts: list[str]) -> list[list[float]]:
        asked.append(list(texts))
        return [[float(len(asked)), float(len(one))] for one in texts]

    collection = _Collection()
    got = index_batch(collection, embed, ["a", "b"], ["x", "xyz"])
    if asked != [["x", "xyz"]]:
        raise Wrong(text("Embed the whole batch with one call; yours made {count} for two texts.", count=len(asked)))
    if [name for name, _ in collection.calls] != ["upsert"]:
        raise Wrong(text("Store the batch with one `upsert`: `add` ignores an id that is there already, without a word."))
    what = collection.calls[0][1]
    if what.get("embeddings") is None:
        raise Wrong(text("The vectors are computed and thrown away: hand them over as `embeddings`."))
    if list(map(list, what["embeddings"])) != [[1.0, 1.0], [1.0, 3.0]] or what.get("ids") != ["a", "b"]:
        raise Wrong(text("Ids, texts and vectors should be stored in the same order."))
    if what.get("documents") != ["x", "xyz"]:
        raise Wrong(text("Store the texts as `documents`, or a search gives vectors without words."))
    if got != 2:
        raise Wrong(text("Return how many were stored: 2 here, yours gave {got}.", got=repr(got)))


@exercise(
    "chunk-id",
    "chunk_id",
    hints=(
        "`hashlib.sha256(some_bytes).hexdigest()` is the same in every run; `uuid4()` and `hash()` are not.",
        'Put a sign between source and text that neither contains, such as `"\\0"`, before you encode them.',
    ),
    wrong={
        "random": WrongAnswer("import uuid\ndef chunk_id(source, text):\n    return uuid.uuid4().hex", "same id"),
        "text-only": WrongAnswer(
            "import hashlib\ndef chunk_id(source, text):\n    return hashlib.sha256(text.encode()).hexdigest()", "source"
        ),
        "source-only": WrongAnswer(
            "import hashlib\ndef chunk_id(source, text):\n    return hashlib.sha256(source.encode()).hexdigest()", "Two texts"
        ),
        "glued": WrongAnswer(
            "import hashlib\ndef chunk_id(source, text):\n    return hashlib.sha256((source + text).encode()).hexdigest()", "between"
        ),
    },
)
def chunk_id(chunk_id: Callable[[str, str], Any]) -> None:
    """chunk_id(source, text) follows from both."""
    first = chunk_id("a.md", "One.")
    if not isinstance(first, str) or not first:
        raise Wrong(text("An id is a text, yours gave {got}.", got=repr(first)))
    if chunk_id("a.md", "One.") != first:
        raise Wrong(text("The same source and text should give the same id each time."))
    if chunk_id("b.md", "One.") == first:
        raise Wrong(text("The same text of another source is another record: the id has to depend on the source, too."))
    if chunk_id("a.md", "Two.") == first:
        raise Wrong(text("Two texts of one source have the same id: one would replace the other."))
    if chunk_id("a.mdOne", ".") == first:
        raise Wrong(text("`a.md` + `One.` and `a.mdOne` + `.` have the same id: put a sign between source and text."))


@exercise(
    "settle",
    "settle",
    hints=(
        "`isinstance(result, Exception)` tells a failure from a number.",
        "`enumerate(results)` gives the number of each batch beside its result.",
    ),
    wrong={
        "raises": WrongAnswer("def settle(results):\n    return sum(results), {}", "TypeError"),
        "hides": WrongAnswer("def settle(results):\n    return sum(one for one in results if isinstance(one, int)), {}", "which batch"),
        "counts-batches": WrongAnswer(
            "def settle(results):\n"
            "    bad = {n: one for n, one in enumerate(results) if isinstance(one, Exception)}\n    return len(results) - len(bad), bad",
            "documents",
        ),
        "list": WrongAnswer(
            "def settle(results):\n"
            "    return sum(one for one in results if isinstance(one, int)), [one for one in results if isinstance(one, Exception)]",
            "number of its batch",
        ),
    },
)
def settle(settle: Callable[[Sequence[Any]], Any]) -> None:
    """settle(results) gives the total and the failures by batch."""
    bad = ValueError("refused")
    got = settle([10, bad, 10, 3])
    if not isinstance(got, tuple) or len(got) != 2:
        raise Wrong(text("Return two things: the total, and the failures. Yours gave {got}.", got=repr(got)))
    total, failures = got
    if total == 3:
        raise Wrong(text("Count documents: add the numbers up, instead of counting batches."))
    if total != 23:
        raise Wrong(text("10, a failure, 10 and 3 make {wanted} documents, yours gave {got}.", wanted=23, got=repr(total)))
    if not failures:
        raise Wrong(text("Nobody learns which batch failed: give the failures back as well."))
    if failures != {1: bad}:
        raise Wrong(text("The failures should be a dict that gives the error by the number of its batch, counted from 0."))
