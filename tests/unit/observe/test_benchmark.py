from benchmarks import observe
from lab.observe.metrics import Metrics


def test_what_is_measured_counts_everything_of_a_question_once():
    metrics = Metrics()
    observe.count_question(metrics)
    value = metrics.registry.get_sample_value
    assert value("rag_queries_total", {"status": "success"}) == 1
    assert value("rag_llm_tokens_total", {"type": "completion"}) == observe.SAID["eval_count"]
    assert value("rag_http_request_seconds_count", {"route": "/query", "method": "POST"}) == 1
    for component in ("total", "retrieve", "generate", "ground"):
        assert value("rag_query_duration_seconds_count", {"component": component, "status": "success"}) == 1


def test_each_kind_of_process_has_its_three_figures(monkeypatch):
    monkeypatch.setattr(observe, "_measured", lambda variables: {"questions": [0.2], "scrapes": [3.0], "bytes": 20_000})
    rows = list(observe.rows())
    assert [row.unit for row in rows] == ["ms of CPU", "kB", "ms of CPU"] * 2
    assert all(row.holds for row in rows)
