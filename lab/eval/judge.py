"""Is an answer right? It is when it contains one variant of each group of words that the question asks for.

Exact, so that two runs agree and everybody can see why; a right answer in other words is counted as wrong, so what this
says is a lower bound.
"""

import re
import unicodedata

from lab.eval.questions import Question

MARKS = re.compile(r"[`*_]")
BLANKS = re.compile(r"\s+")
# Japanese is written with and without blanks around Latin words.
BESIDE_JAPANESE = re.compile(r"(?<=[ぁ-ヿ一-鿿。、]) | (?=[ぁ-ヿ一-鿿])")


def correct(question: Question, answer: str) -> bool:
    """True when the answer contains all that it must."""
    said = plain(answer)
    return bool(question.must_contain) and all(any(plain(variant) in said for variant in group) for group in question.must_contain)


def plain(text: str) -> str:
    """A text without the differences that do not matter: case, marks of Markdown, width of letters, blanks."""
    low = MARKS.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return BESIDE_JAPANESE.sub("", BLANKS.sub(" ", low)).strip()
