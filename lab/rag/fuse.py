"""Several orders into one, and passages that do not repeat each other."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from lab.rag.retrieve import Query, Ranking, ordered

CONSTANT = 20  # of reciprocal rank fusion: small, so that the first places of short lists count
FIRST = 50  # places of each order that reciprocal rank fusion looks at


def by_rank(rankings: Iterable[Ranking]) -> Ranking:
    """Reciprocal rank fusion: the sum of 1 / (20 + place) over all orders. It needs no scores that can be compared.

    Ours, because LangChain's EnsembleRetriever is in langchain-classic, gives no scores and keeps nothing to trace.
    """
    total: dict[str, float] = defaultdict(float)
    for ranking in rankings:
        for place, (chunk, _) in enumerate(ranking[:FIRST], start=1):
            total[chunk] += 1 / (CONSTANT + place)
    return ordered(total.items())


def by_scores(query: Query, rankings: Sequence[Ranking]) -> Ranking:
    """Every chunk that one of the orders holds, by similarity and shared words together."""
    ids = list(dict.fromkeys(chunk for ranking in rankings for chunk, _ in ranking))
    return ordered((hit.id, hit.rank) for hit in query.hits(ids))


def diverse(ranking: Ranking, vectors: dict[str, np.ndarray], k: int, diversity: float) -> Ranking:
    """Maximal marginal relevance: each place goes to what fits well and is unlike what stands above it.

    LangChain's function knows similarity to the question only; here what fits well is the order that was found.
    """
    rest = [one for one in ranking if one[0] in vectors]
    worth = {chunk: 1 - place / len(rest) for place, (chunk, _) in enumerate(rest)}
    chosen: Ranking = []
    while rest and len(chosen) < k:
        above = [vectors[chunk] for chunk, _ in chosen]
        best = max(rest, key=lambda one: (1 - diversity) * worth[one[0]] - diversity * _likeness(vectors[one[0]], above))
        chosen.append(best)
        rest.remove(best)
    return chosen


def _likeness(vector: np.ndarray, others: list[np.ndarray]) -> float:
    """Cosine to the nearest of the others."""
    return max((float(vector @ other / (np.linalg.norm(vector) * np.linalg.norm(other) or 1)) for other in others), default=0.0)
