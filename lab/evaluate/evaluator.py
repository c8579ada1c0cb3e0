"""One object for all that is measured about a RAG system: rankings, their first hit, and answers. Thin, over the functions."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel

from lab.errors import InputError
from lab.evaluate import ranking
from lab.evaluate.judge import Judge, Verdict
from lab.evaluate.relevance import Level, Relevant, grades

K = 5


class RAGEvaluator:
    """Measures with a declared cut-off `k` and a declared level of ids. `llm` judges answers; rankings need none."""

    def __init__(self, llm: BaseChatModel | None = None, k: int = K, level: Level = "chunk", generator: str = ""):
        self.k, self.level = k, level
        self.judge = Judge(llm, generator) if llm else None

    def evaluate_retrieval(self, query: str, retrieved_docs: Iterable[Any], relevant_docs: Relevant) -> dict[str, float] | None:
        """Metrics of one question's ranking. None when nothing is relevant to it: such a question is not counted.

        Documents of LangChain, hits of the lab, or ids; `relevant_docs` also as grades by id.
        """
        found, judged = grades(retrieved_docs, relevant_docs, self.level)
        values = {
            "precision": ranking.precision(found, self.k),
            "recall": ranking.recall(found, judged, self.k),
            "f1_score": ranking.f1(found, judged, self.k),
            "hit": float(ranking.hit(found, self.k)),
            "reciprocal_rank": ranking.reciprocal_rank(found),
            "average_precision": ranking.average_precision(found, judged),
            "ndcg": ranking.ndcg(found, judged, self.k),
        }
        return {name: value for name, value in values.items() if value is not None} if judged else None

    def calculate_mrr(self, queries: Sequence[str], results: Sequence[Iterable[Any]], relevant: Mapping[str, Relevant]) -> float | None:
        """Mean reciprocal rank. What is relevant is looked up per question: `relevant[query]`."""
        if len(queries) != len(results):
            raise InputError(f"{len(queries)} questions and {len(results)} rankings.", "Give one ranking for each question.")
        if missing := [one for one in queries if one not in relevant]:
            raise InputError(f"Nothing is known of what is relevant to: {missing[0]}", "Give an empty list where nothing is relevant.")
        pairs = [grades(found, relevant[query], self.level) for query, found in zip(queries, results, strict=True)]
        return ranking.average(ranking.reciprocal_rank(found) if judged else None for found, judged in pairs)

    async def evaluate_answer_quality(self, query: str, answer: str, ground_truth: str) -> Verdict:
        """The judge's points for one answer, from 1 to 5, with its reasons and failures."""
        if self.judge is None:
            raise InputError("There is no model to judge answers with.", "Give one: RAGEvaluator(llm)")
        return await self.judge.score(query, answer, ground_truth)
