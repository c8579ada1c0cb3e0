"""Is an answer right? It is when it contains one variant of each group of words that the question asks for.

Exact, so that two runs agree and everybody can see why. It errs both ways: a right answer in other words is counted as wrong,
and a wrong one that happens to contain the words as right. A variant in Latin letters or digits is not looked for inside of a
longer word or number: "8000" is not in "port 18000".
"""

import re

from lab.evaluate.questions import Question, plain

WORD = "0-9a-z\u00df-\u024f"  # digits and Latin letters, as `plain` leaves them; Japanese has no blanks between words


def correct(question: Question, answer: str) -> bool:
    """True when the answer contains all that it must."""
    said = plain(answer)
    return bool(question.must_contain) and all(any(_says(said, plain(variant)) for variant in group) for group in question.must_contain)


def _says(text: str, variant: str) -> bool:
    before = f"(?<![{WORD}])" if re.match(f"[{WORD}]", variant) else ""
    after = f"(?![{WORD}])" if re.match(f"[{WORD}]", variant[-1:]) else ""
    return re.search(before + re.escape(variant) + after, text) is not None
