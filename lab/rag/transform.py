"""Another wording of a question before it is searched: rewritten, asked in several ways, or answered with a guess (HyDE)."""

import re
from dataclasses import dataclass

from lab.rag.chat_model import Helper
from lab.rag.words import terms
from lab.settings import QueryTransform

WAYS = 3  # other wordings that multi-query asks for
LONGEST = 300  # characters of a wording: what is longer is no question
MARK = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.):])?\s*[\"“]?|[\"”]?\s*$")


@dataclass(frozen=True)
class Wording:
    """What is searched for: `text` by its words; by its meaning `meant`, a passage as it might stand in the documents, or `text`."""

    text: str
    meant: str = ""


def wordings(helper: Helper, transform: QueryTransform, question: str) -> list[Wording]:
    """What to search for. Whatever the model writes, at least one wording comes back."""
    if transform == "rewrite":
        return [Wording(next(iter(_lines(helper.write("rewrite", question=question))), question))]
    if transform == "multi-query":
        others = _lines(helper.write("multi_query", question=question, count=WAYS))
        return [Wording(text) for text in dict.fromkeys([question, *others[:WAYS]])]
    if transform == "hyde":
        return [Wording(question, helper.write("hyde", question=question)[: 3 * LONGEST])]
    return [Wording(question)]


def _lines(written: str) -> list[str]:
    """Lines that could be questions, for they say something, without numbers, bullets and quotation marks."""
    lines = (MARK.sub("", line) for line in written.splitlines())
    return [line for line in lines if len(line) <= LONGEST and terms(line)]
