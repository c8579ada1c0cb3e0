"""Two measures of an answer beside its facts: how close it is in meaning, and how much of it the passages support.

Neither says that an answer is right. A denial is close in meaning to what it denies, and a document can be wrong.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lab.rag.ground import Evidence

Embed = Callable[[list[str]], np.ndarray]  # unit vectors, as `Embedder.remembered` gives them


def similarities(embed: Embed, answers: Sequence[str], expected: Sequence[str]) -> list[float]:
    """Cosine similarity of each answer to the expected one, by the lab's embedding model: 1 for the same direction."""
    first, second = embed(list(answers)), embed(list(expected))
    return [round(float(one @ other), 4) for one, other in zip(first, second, strict=True)]


def faithfulness(evidence: "Evidence", answer: str) -> float | None:
    """The share of an answer's statements that a passage supports (`lab.rag.ground`); None when it states nothing."""
    checked = evidence.check(answer)
    return sum(source is not None for _, source, _ in checked) / len(checked) if checked else None
