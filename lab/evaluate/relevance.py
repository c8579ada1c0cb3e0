"""Which passages are relevant to which question: grades for `lab.evaluate.ranking`.

A judgement belongs to a question and a document together: what answers one question is noise for another. So judgements are kept
per question, as ids with grades, and never as a mark on the document.

Ids are of one declared level. At `chunk` an id is that of a passage, at `document` that of the document it was cut from; the two
never match each other. An id that comes again keeps its first place only: several chunks of one document are one document, and k
counts different ids. A document without an id is refused, because two missing ids would be equal to each other.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from lab.errors import InputError
from lab.evaluate.facts import correct
from lab.evaluate.questions import Question

SECTION, ARTICLE, OTHER = 2, 1, 0  # grades of the handbook's questions
Level = Literal["document", "chunk"]
Relevant = Mapping[str, int] | Iterable[Any]  # ids with grades, or ids or documents that are all of grade 1


def grade(question: Question, source: str, section: str, text: str = "") -> int:
    """How relevant a passage is to a question of the handbook. `section` is its path of headings, as a chunk has it.

    2 for a passage of the right section, 1 for another passage of the right article, 0 for everything else. Another passage of
    the article counts as the right one, too, when its text holds the answer: summaries repeat facts, and passages that were cut
    without a look at headings have no section.
    """
    if source != question.article:
        return OTHER
    top, *below = section.split(" > ")
    there = question.section in (below or [top])  # below a section are its subsections
    return SECTION if there or correct(question, text) else ARTICLE


def grades(found: Iterable[Any], relevant: Relevant, level: Level) -> tuple[list[int], list[int]]:
    """The grades of a ranking, and those of all that is relevant. `found`: ids, or documents of LangChain or of the lab."""
    known = judgements(relevant, level)
    return [known.get(one, 0) for one in ids(found, level)], [one for one in known.values() if one > 0]


def judgements(relevant: Relevant, level: Level) -> dict[str, int]:
    """Grades by id. What is given without grades has grade 1."""
    if not isinstance(relevant, Mapping):
        return dict.fromkeys(ids(relevant, level), 1)
    if wrong := [one for one in relevant.values() if isinstance(one, bool) or not isinstance(one, int) or one < 0]:
        raise InputError(f"{wrong[0]!r} is no grade.", "Give whole numbers: 0 for not relevant, 1 or more for relevant.")
    return {identity(one, level): value for one, value in relevant.items()}


def ids(found: Iterable[Any], level: Level) -> list[str]:
    """The id of each document, at its first place only."""
    return list(dict.fromkeys(identity(one, level) for one in found))


def identity(document: Any, level: Level) -> str:
    """The id of one document at this level: of LangChain's `Document`, of the lab's `Hit`, or a string that is the id itself."""
    if level not in ("document", "chunk"):
        raise InputError(f"{level!r} is no level of ids.", "Choose level='document' or level='chunk'.")
    found = document if isinstance(document, str) else _document(document) if level == "document" else getattr(document, "id", None)
    if isinstance(found, str) and found:
        return found
    where = "`source` in its metadata" if level == "document" else "`id`"
    raise InputError(f"A document has no id at the level {level}: {document!r:.80}", f"Give each document its {where} before measuring.")


def _document(passage: Any) -> Any:
    """LangChain notes a passage's document in its metadata, the lab's `Hit` in a field."""
    return getattr(passage, "metadata", {}).get("source") or getattr(passage, "source", None)
