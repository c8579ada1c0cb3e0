from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from lab.observe.metrics import Metrics


def test_two_applications_in_one_process_count_by_themselves():
    first, second = Metrics(), Metrics()
    first.saw("/query", "POST", 200, 0.2)
    assert first.registry.get_sample_value("rag_http_requests_total", {"route": "/query", "method": "POST", "status": "200"}) == 1
    assert "/query" not in second.text().decode()


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.text(max_size=12), max_size=30))
def test_methods_that_callers_make_up_are_one_series(methods):
    metrics = Metrics()
    for method in [*methods, "GET", "PATCH"]:
        metrics.saw("none", method, 405, 0.001)
    assert len(metrics._seen) <= 8
    counted = metrics.registry.get_sample_value("rag_http_request_seconds_count", {"route": "none", "method": "GET"})
    assert counted == 1 + methods.count("GET")


def test_an_answer_of_two_minutes_is_told_from_one_of_five():
    metrics = Metrics()
    for seconds in (100, 250):
        metrics.saw("/query", "POST", 200, seconds)
    below = {"route": "/query", "method": "POST", "le": "120.0"}
    assert metrics.registry.get_sample_value("rag_http_request_seconds_bucket", below) == 1


def test_prometheus_can_read_it():
    metrics = Metrics()
    metrics.cache.labels("memory", "hit").inc()
    metrics.dependency.labels("chroma").set(1)
    families = {family.name: family for family in text_string_to_metric_families(metrics.text().decode())}
    assert {"rag_cache_events", "rag_dependency_up", "rag_questions_waiting", "rag_build_info"} <= set(families)
    assert all(family.documentation for family in families.values() if family.name.startswith("rag_"))
