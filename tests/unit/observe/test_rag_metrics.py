from types import SimpleNamespace

import pytest
from langchain_core.messages import AIMessage

from lab.observe.rag_metrics import STATUSES, RAGMetrics

OLLAMA = {"prompt_eval_count": 30, "eval_count": 8, "eval_duration": 2_000_000_000, "load_duration": 3_000_000_000}
MESSAGE = AIMessage(
    "Yes.",
    usage_metadata={"input_tokens": 30, "output_tokens": 8, "total_tokens": 38},
    response_metadata={"eval_duration": 2_000_000_000, "load_duration": 3_000_000_000},
)


@pytest.fixture
def metrics():
    return RAGMetrics()


@pytest.mark.parametrize("said", [OLLAMA, MESSAGE, SimpleNamespace(**OLLAMA)], ids=["dict", "LangChain", "ollama"])
def test_tokens_and_times_are_those_that_the_server_tells(metrics, said):
    assert metrics.track_generation(lambda: said)() is said
    value = metrics.registry.get_sample_value
    assert value("rag_llm_tokens_total", {"type": "prompt"}) == 30
    assert value("rag_llm_tokens_total", {"type": "completion"}) == 8
    assert value("rag_generated_tokens_per_second_sum") == 4
    assert value("rag_model_load_seconds_sum") == 3


def test_pieces_of_a_stream_count_once_by_the_one_that_tells(metrics):
    @metrics.track_generation
    def stream():
        yield AIMessage("It ")
        yield MESSAGE
        yield AIMessage("")

    assert len(list(stream())) == 3
    assert metrics.registry.get_sample_value("rag_llm_tokens_total", {"type": "completion"}) == 8


def test_a_model_that_was_loaded_is_not_loaded_again(metrics):
    metrics.worked({**OLLAMA, "load_duration": 5_000_000})
    assert metrics.registry.get_sample_value("rag_model_load_seconds_count") == 0


def test_an_answer_that_tells_no_tokens_counts_none(metrics):
    for said in (None, "words", {"error": "away"}, AIMessage("Yes.")):
        metrics.worked(said)
    assert metrics.registry.get_sample_value("rag_llm_tokens_total", {"type": "prompt"}) == 0


def test_a_search_is_observed_with_its_passages_and_a_failed_one_without(metrics):
    search = metrics.track_search(lambda found: found or 1 / 0)
    search(["one", "two"])
    with pytest.raises(ZeroDivisionError):
        search([])
    value = metrics.registry.get_sample_value
    assert (value("rag_search_results_count"), value("rag_search_results_sum")) == (1, 2)
    assert value("rag_query_duration_seconds_count", {"component": "retrieve", "status": "error"}) == 1


def test_every_way_to_end_is_there_from_the_beginning(metrics):
    """Of a series that begins with its first event, PromQL's `increase` misses this event."""
    assert {metrics.registry.get_sample_value("rag_queries_total", {"status": status}) for status in STATUSES} == {0}
    assert {"busy", "invalid"} <= set(STATUSES)


def test_a_cell_that_is_run_again_makes_no_duplicate():
    first, second = RAGMetrics(), RAGMetrics()
    first.queries.labels("success").inc()
    assert second.registry.get_sample_value("rag_queries_total", {"status": "success"}) == 0
