"""Metrics of a ranking, each for one question; reports show their means.

A ranking is a list of grades, best place first: 2 for a passage of the right section, or one of its article that holds
the answer as well; 1 for another passage of the right article; 0 for everything else. hit@k and MRR ask for grade 2; nDCG
also rewards grade 1.
"""

import math
from collections.abc import Sequence

from lab.evaluate.judge import correct
from lab.evaluate.questions import Question

SECTION, ARTICLE, OTHER = 2, 1, 0


def grade(question: Question, source: str, section: str, text: str = "") -> int:
    """How relevant a passage is. `section` is its path of headings, as a chunk has it.

    Another passage of the article counts as the right one, too, when its text holds the answer: summaries repeat facts, and
    passages that were cut without a look at headings have no section.
    """
    if source != question.article:
        return OTHER
    first, *below = section.split(" > ")
    there = question.section in (below or [first])  # below a section are its subsections
    return SECTION if there or correct(question, text) else ARTICLE


def hit(grades: Sequence[int], k: int, least: int = SECTION) -> bool:
    """True when one of the first k passages has at least this grade."""
    return any(one >= least for one in grades[:k])


def reciprocal_rank(grades: Sequence[int]) -> float:
    """1 divided by the place of the first passage of the right section; 0 when there is none."""
    return next((1 / place for place, one in enumerate(grades, start=1) if one == SECTION), 0.0)


def ndcg(grades: Sequence[int], all_grades: Sequence[int], k: int) -> float:
    """Normalised discounted cumulative gain at k: 1 when no order of all the documents' passages would be better.

    Gains are 2 ** grade - 1 (3, 1 and 0), as Burges et al. (2005) have them. `all_grades` are those of every passage.
    """
    best = _dcg(sorted(all_grades, reverse=True)[:k])
    return _dcg(grades[:k]) / best if best else 0.0


def _dcg(grades: Sequence[int]) -> float:
    return sum(float(2**one - 1) / math.log2(place + 1) for place, one in enumerate(grades, start=1))
