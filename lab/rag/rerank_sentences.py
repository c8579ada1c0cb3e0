"""A second look without a further model: the best sentence of each passage, instead of the passage as a whole.

It stands in where there is no cross-encoder, and it is none: a cross-encoder reads question and passage together, and here the
embedding model still reads them apart. What it adds is a closer view: a passage of ten sentences whose vector is about ten
things can hold the one sentence that answers.
"""

import numpy as np

from lab.rag.embed import Embedder
from lab.rag.retrieve import WORDS, Hit, likeness
from lab.rag.sentences import sentences


class SentenceReranker:
    """Scores a passage by the sentence nearest to the question, and by the words that both share."""

    def __init__(self, embedder: Embedder):
        self.embedder = embedder

    def score(self, question: str, hits: list[Hit]) -> list[float]:
        """A score for each passage, on the scale of `Hit.rank`. A passage of code only is read whole."""
        parts = [sentences(hit.text) or [hit.text] for hit in hits]
        if not parts:
            return []
        vector = np.asarray(self.embedder.embed_query(question), dtype=np.float32)
        near = self.embedder.remembered([part for own in parts for part in own]) @ (vector / (np.linalg.norm(vector) or 1))
        ends = np.cumsum([len(own) for own in parts])
        nearest = [float(part.max()) for part in np.split(near, ends[:-1])]
        return [likeness(best, hit.floor) + WORDS * hit.cover for best, hit in zip(nearest, hits, strict=True)]
