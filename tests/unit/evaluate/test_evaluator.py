import asyncio
import json

import numpy as np
import pytest
from langchain_core.documents import Document
from langchain_ollama import ChatOllama

from lab.course.scripted_chat import scripted_chat
from lab.errors import InputError
from lab.evaluate.evaluator import RAGEvaluator
from lab.evaluate.quality import faithfulness, similarities


def test_one_question_gets_all_metrics():
    found = RAGEvaluator(k=2).evaluate_retrieval("q", ["a", "b", "c"], ["b", "x"])
    assert (found["precision"], found["recall"], found["f1_score"], found["reciprocal_rank"]) == (0.5, 0.5, 0.5, 0.5)
    assert set(found) == {"precision", "recall", "f1_score", "hit", "reciprocal_rank", "average_precision", "ndcg"}


def test_a_question_that_nothing_is_relevant_to_has_no_metrics():
    assert RAGEvaluator().evaluate_retrieval("q", ["a"], []) is None


def test_documents_without_ids_are_refused_where_the_naive_score_was_perfect():
    with pytest.raises(InputError, match="no id"):
        RAGEvaluator().evaluate_retrieval("q", [Document("a")], [Document("b")])


def test_several_chunks_of_a_document_count_once_at_the_level_of_documents():
    chunks = [Document("x", id=str(n), metadata={"source": source}) for n, source in enumerate(["a.md", "a.md", "b.md"])]
    found = RAGEvaluator(k=2, level="document").evaluate_retrieval("q", chunks, ["b.md"])
    assert (found["precision"], found["reciprocal_rank"]) == (0.5, 0.5)


def test_mrr_knows_which_document_answers_which_question():
    relevant = {"first?": ["a"], "second?": ["b"], "nothing?": []}
    mrr = RAGEvaluator().calculate_mrr(list(relevant), [["a", "b"], ["a", "b"], ["a"]], relevant)
    assert mrr == 0.75


@pytest.mark.parametrize(("queries", "words"), [(["q"], "1 questions and 0 rankings"), ([], None)])
def test_each_question_needs_a_ranking(queries, words):
    if words is None:
        assert RAGEvaluator().calculate_mrr([], [], {}) is None
        return
    with pytest.raises(InputError, match=words):
        RAGEvaluator().calculate_mrr(queries, [], {})


def test_a_question_without_judgements_is_no_question_without_relevant_documents():
    with pytest.raises(InputError, match=r"Nothing is known.*: q"):
        RAGEvaluator().calculate_mrr(["q"], [["a"]], {})


def test_answers_are_judged_by_the_model():
    scores = {"reasoning": "r", "accuracy_score": 4, "relevance_score": 4, "completeness_score": 4}
    with scripted_chat(json.dumps(scores)) as server:
        evaluator = RAGEvaluator(ChatOllama(model="judge", base_url=server.url))
        assert asyncio.run(evaluator.evaluate_answer_quality("q", "a", "e")).points == 4


def test_without_a_model_answers_cannot_be_judged():
    with pytest.raises(InputError, match=r"RAGEvaluator\(llm\)"):
        asyncio.run(RAGEvaluator().evaluate_answer_quality("q", "a", "e"))


def test_similarity_is_the_cosine_of_unit_vectors():
    vectors = {"yes": [1.0, 0.0], "no": [0.0, 1.0], "maybe": [0.6, 0.8]}
    found = similarities(lambda texts: np.array([vectors[one] for one in texts]), ["yes", "no", "maybe"], ["yes", "yes", "yes"])
    assert found == [1.0, 0.0, 0.6]


class Checked:
    def __init__(self, *supported: bool):
        self.supported = supported

    def check(self, answer: str) -> list[tuple[str, object | None, float]]:
        return [(answer, "source" if one else None, 0.5) for one in self.supported]


def test_faithfulness_is_the_share_of_supported_statements():
    assert faithfulness(Checked(True, True, False, False), "x") == 0.5
    assert faithfulness(Checked(), "?") is None
