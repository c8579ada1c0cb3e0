"""The exercises of 05a, RAG by hand: overlap, nearest rows, invented numbers, an index that follows its documents, a token budget."""

from collections.abc import Callable
from numbers import Integral
from typing import Any

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.text import text

DIGITS = "0123456789"


@exercise(
    "windows",
    "windows",
    hints=(
        "First find where the pieces begin. With size 4 and overlap 1 they begin at 0, 3, 6: how far is one from the next?",
        "`range(0, len(text), size - overlap)` gives the beginnings, and `text[start : start + size]` cuts one piece.",
    ),
    wrong={
        "no-overlap": WrongAnswer(
            "def windows(text, size, overlap):\n    return [text[i:i + size] for i in range(0, len(text), size)]", "shares nothing"
        ),
        "moves-by-the-overlap": WrongAnswer(
            "def windows(text, size, overlap):\n    return [text[i:i + size] for i in range(0, len(text), overlap)]",
            "by the overlap",
        ),
        "cuts-from-the-start-of-the-text": WrongAnswer(
            "def windows(text, size, overlap):\n    return [text[i:size] for i in range(0, len(text), size - overlap)]", "start + size"
        ),
        "loses-the-end": WrongAnswer(
            "def windows(text, size, overlap):\n    step = size - overlap\n"
            "    return [text[i:i + size] for i in range(0, len(text) - size + 1, step)]",
            "end of the text",
        ),
        "no-return": WrongAnswer(
            "def windows(text, size, overlap):\n    pieces = [text[i:i + size] for i in range(0, len(text), size - overlap)]", "a list"
        ),
    },
)
def windows(windows: Callable[[str, int, int], Any]) -> None:
    """windows(text, size, overlap) cuts a text into overlapping pieces."""
    got = windows(DIGITS, 5, 1)
    call = f'windows("{DIGITS}", 5, 1)'
    if not isinstance(got, list) or not all(isinstance(piece, str) for piece in got):
        raise Wrong(text("{call} should give a list of texts, yours gave {got}.", call=call, got=repr(got)))
    said = {
        ("01234", "56789"): "the second piece shares nothing with the first. It begins `size - overlap` after it.",
        tuple(DIGITS[start : start + 5] for start in range(10)): "each piece moved on by the overlap. It moves on by `size - overlap`.",
        ("01234", "4", ""): "a piece ends at `start + size`, not at `size`.",
        ("01234", "45678"): "the end of the text is missing. The last piece may be shorter.",
    }
    if tuple(got) in said:
        raise Wrong(text("{call} gave {got}: {said}", call=call, got=got, said=text(said[tuple(got)])))
    if got != ["01234", "45678", "89"]:
        raise Wrong(text("{call} should be {wanted}, yours gave {got}.", call=call, wanted=["01234", "45678", "89"], got=got))
    if windows("abcdef", 2, 0) != ["ab", "cd", "ef"]:
        raise Wrong(text("It is right for an overlap of 1, but not for 0. Use all three arguments."))


_ROWS = [[0.0, 1.0], [0.6, 0.8], [1.0, 0.0], [0.8, 0.6], [-1.0, 0.0]]


@exercise(
    "nearest",
    "nearest",
    hints=(
        "`rows @ question` gives the similarity of each row. `np.argsort` gives positions, but the smallest value first.",
        "`np.argsort(-similarity)` puts the largest first, and `[:k]` keeps k of them.",
    ),
    wrong={
        "worst-first": WrongAnswer(
            "import numpy as np\ndef nearest(question, rows, k):\n    return np.argsort(rows @ question)[:k]", "least similar"
        ),
        "best-last": WrongAnswer(
            "import numpy as np\ndef nearest(question, rows, k):\n    return np.argsort(rows @ question)[-k:]", "best one first"
        ),
        "similarities": WrongAnswer(
            "import numpy as np\ndef nearest(question, rows, k):\n    return np.sort(rows @ question)[::-1][:k]", "similarities themselves"
        ),
        "all-of-them": WrongAnswer(
            "import numpy as np\ndef nearest(question, rows, k):\n    return np.argsort(-(rows @ question))", "k = 3"
        ),
    },
)
def nearest(nearest: Callable[[Any, Any, int], Any]) -> None:
    """nearest(question, rows, k) gives the positions of the k most similar rows."""
    import numpy as np  # takes its time, and the commands of the lab read this module, too

    found = np.asarray(nearest(np.array([1.0, 0.0]), np.array(_ROWS), 3))
    if found.ndim != 1 or found.dtype.kind not in "iuf":
        raise Wrong(text("It should give a list of positions, yours gave {got}.", got=found))
    got = found.tolist()
    if len(got) != 3:
        raise Wrong(text("With k = 3 it should give 3 positions, yours gave {count}.", count=len(got)))
    if found.dtype.kind == "f":
        raise Wrong(text("Yours gave {got}: the similarities themselves. Give the positions of their rows, with `np.argsort`.", got=got))
    if got == [4, 0, 1]:
        raise Wrong(text("Yours gave the least similar rows: `np.argsort` puts the smallest first."))
    if got == [1, 3, 2]:
        raise Wrong(text("These are the right rows in the wrong order: the best one first."))
    if got != [2, 3, 1]:
        raise Wrong(text("For the question [1, 0] and the rows {rows} it should give [2, 3, 1], yours gave {got}.", rows=_ROWS, got=got))
    if np.asarray(nearest(np.array([0.0, 1.0]), np.array(_ROWS), 1)).tolist() != [0]:
        raise Wrong(text("It is right for one question, but not for another. Use all three arguments."))


_NUMBERS = "import re\nnumbers = lambda text: set(re.findall(r'\\d+(?:[.,]\\d+)*', text))\n"
_ANSWER = "It takes 46 records on port 8001."
_SOURCE = "One call takes 5,461 records; Chroma answers on port 8001."


@exercise(
    "invented",
    "invented",
    hints=(
        "You need the numbers of both texts. `numbers` gives them as sets, and sets know a difference.",
        "`numbers(answer) - numbers(source)` keeps what only the answer has.",
    ),
    wrong={
        "inside-another-number": WrongAnswer(
            _NUMBERS + "def invented(answer, source):\n    return {n for n in numbers(answer) if n not in source}", "inside 5,461"
        ),
        "other-way-round": WrongAnswer(
            _NUMBERS + "def invented(answer, source):\n    return numbers(source) - numbers(answer)", "the other way round"
        ),
        "known-ones": WrongAnswer(_NUMBERS + "def invented(answer, source):\n    return numbers(answer) & numbers(source)", "do occur"),
        "all-of-the-answer": WrongAnswer(_NUMBERS + "def invented(answer, source):\n    return numbers(answer)", "do occur"),
        "yes-or-no": WrongAnswer(_NUMBERS + "def invented(answer, source):\n    return numbers(answer) <= numbers(source)", "a set"),
    },
)
def invented(invented: Callable[[str, str], Any]) -> None:
    """invented(answer, source) gives the numbers of the answer that the source does not contain."""
    found = invented(_ANSWER, _SOURCE)
    if not isinstance(found, set | frozenset | list | tuple):
        raise Wrong(text("It should give a set of numbers as text, yours gave {got}.", got=repr(found)))
    got = {str(number) for number in found}
    call = text("For the answer “{answer}” and the source “{source}”", answer=_ANSWER, source=_SOURCE)
    if not got:
        raise Wrong(text("{call} yours found nothing, but 46 stands only inside 5,461 and is another number.", call=call))
    if "5,461" in got:
        raise Wrong(text("{call} yours gave 5,461: that is the other way round. Keep what only the answer has.", call=call))
    if "8001" in got:
        raise Wrong(text("{call} yours gave 8001, and numbers that do occur in the source are not invented.", call=call))
    if got != {"46"}:
        raise Wrong(text("{call} it should give 46 alone, yours gave {got}.", call=call, got=sorted(got)))
    if invented("No number here.", _SOURCE):
        raise Wrong(text("An answer without numbers has no invented ones."))


@exercise(
    "index-plan",
    "index_plan",
    hints=(
        "What must be embedded is wanted and not stored. What must be deleted is stored and not wanted.",
        "With sets: `wanted - stored` and `stored - wanted`, returned in this order.",
    ),
    wrong={
        "everything-again": WrongAnswer("def index_plan(stored, wanted):\n    return wanted, stored - wanted", "stored already"),
        "never-deletes": WrongAnswer("def index_plan(stored, wanted):\n    return wanted - stored, set()", "still answers"),
        "swapped": WrongAnswer("def index_plan(stored, wanted):\n    return stored - wanted, wanted - stored", "wrong order"),
        "deletes-all": WrongAnswer("def index_plan(stored, wanted):\n    return wanted - stored, stored", "still wanted"),
        "one-set": WrongAnswer("def index_plan(stored, wanted):\n    return wanted - stored", "two sets"),
    },
)
def index_plan(index_plan: Callable[[set[str], set[str]], Any]) -> None:
    """index_plan(stored, wanted) gives the ids to embed and the ids to delete."""
    plan = index_plan({"kept", "old"}, {"kept", "new"})
    if not isinstance(plan, tuple | list) or len(plan) != 2:
        raise Wrong(text("It should return two sets: ids to embed, and ids to delete. Yours gave {got}.", got=repr(plan)))
    new, gone = set(plan[0]), set(plan[1])
    told = text("With stored {stored} and wanted {wanted}", stored=["kept", "old"], wanted=["kept", "new"])
    if (new, gone) == ({"old"}, {"new"}):
        raise Wrong(text("{told} yours has the two sets in the wrong order: what to embed comes first.", told=told))
    if "kept" in new:
        raise Wrong(text("{told} yours embeds `kept` again, which is stored already.", told=told))
    if "kept" in gone:
        raise Wrong(text("{told} yours deletes `kept`, which is still wanted.", told=told))
    if "old" not in gone:
        raise Wrong(text("{told} yours keeps `old`: nobody wants it any more, and it still answers.", told=told))
    if (new, gone) != ({"new"}, {"old"}):
        raise Wrong(text("{told} it should give new and old, yours gave {new} and {gone}.", told=told, new=sorted(new), gone=sorted(gone)))
    if any(map(set, index_plan({"a", "b"}, {"a", "b"}))):
        raise Wrong(text("When nothing changed, there is nothing to embed and nothing to delete."))


@exercise(
    "fitting",
    "fitting",
    hints=(
        "Room for passages is `window - reserved`. Add up the lengths, best passage first, and stop at the first that does not fit.",
        "Keep a running sum in a loop over `lengths`; return the count when the sum would be larger than the room.",
    ),
    wrong={
        "forgets-the-answer": WrongAnswer(
            "def fitting(lengths, window, reserved):\n    total = count = 0\n    for length in lengths:\n        total += length\n"
            "        if total > window:\n            break\n        count += 1\n    return count",
            "question and the answer",
        ),
        "skips-the-best": WrongAnswer(
            "def fitting(lengths, window, reserved):\n    room, count = window - reserved, 0\n    for length in lengths:\n"
            "        if length <= room:\n            room -= length\n            count += 1\n    return count",
            "later passage",
        ),
        "exact-fit-refused": WrongAnswer(
            "def fitting(lengths, window, reserved):\n    room, count = window - reserved, 0\n    for length in lengths:\n"
            "        if length >= room:\n            break\n        room -= length\n        count += 1\n    return count",
            "fills the window exactly",
        ),
    },
)
def fitting(fitting: Callable[[list[int], int, int], Any]) -> None:
    """fitting(lengths, window, reserved) says how many of the ranked passages fit."""
    for lengths, window, reserved, wanted, usual, said in _BUDGETS:
        got = fitting(list(lengths), window, reserved)
        call = f"fitting({lengths}, {window}, {reserved})"
        if isinstance(got, bool) or not isinstance(got, Integral):
            raise Wrong(text("{call} should give a whole number, yours gave {got}.", call=call, got=repr(got)))
        if got == usual:
            raise Wrong(text("{call} gave {got}: {said}", call=call, got=got, said=text(said)))
        if got != wanted:
            raise Wrong(text("{call} should be {wanted}, yours gave {got}.", call=call, wanted=wanted, got=got))


# lengths, window, reserved, right answer, what a usual mistake gives, and what to say about it
_BUDGETS = (
    ([100, 100, 100, 100], 400, 150, 2, 4, "the question and the answer need their room in the window, too."),
    ([100, 300, 50], 400, 150, 1, 2, "a later passage took the place of a better one. Stop at the first that does not fit."),
    ([100, 150], 400, 150, 2, 1, "a passage that fills the window exactly does fit."),
    ([500], 400, 150, 0, 1, "the first passage is longer than the room."),
)
