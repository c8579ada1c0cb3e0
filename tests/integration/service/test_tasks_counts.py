"""What a worker shows on its port, and what the API shows of the queue, equals what was sent."""

import time

import httpx
import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from lab.service.app import create_app
from lab.settings import load_settings


def samples(text: str, *names: str) -> dict[tuple[str, ...], float]:
    found = (sample for family in text_string_to_metric_families(text) for sample in family.samples if sample.name in names)
    return {(sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value for sample in found if sample.value}


@pytest.fixture(scope="module")
def sent(workers, tasks_api, send, ended, wait_until):
    """Tasks of every end, after they have ended; gives the ends of attempts that should be counted, by outcome."""
    for text in ("a text", "another text", "wrong", "broken", "away", "deadly"):
        ended(send(**{text: text})["task_id"])
    slow = send(slow="slow")["task_id"]
    wait_until(lambda: workers.begun("slow"), "the slow task to begin")
    tasks_api.delete(f"/task_status/{slow}")
    asked = tasks_api.post("/query_async", json={"query": "Which port?"}).json()["task_id"]
    ended(asked)
    return {"completed": 2, "failed": 1, "retried": 1, "dead": 3}


def test_every_end_of_an_attempt_is_counted_once(sent, queue_settings, wait_until):
    expected = {("rag_tasks_total", outcome, "index_documents"): number for outcome, number in sent.items()}
    expected["rag_tasks_total", "completed", "query_rag"] = 1
    expected |= {("rag_task_seconds_count", *rest): number for (_, *rest), number in expected.items()}

    def shown():
        text = httpx.get(f"http://127.0.0.1:{queue_settings.worker_metrics_port}/metrics", trust_env=False).text
        return samples(text, "rag_tasks_total", "rag_task_seconds_count")

    deadline = time.monotonic() + 20  # a result is stored before its process has counted it
    while (found := shown()) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found == expected


def test_a_task_that_was_taken_back_is_counted_by_the_api(sent, tasks_api):
    found = samples(tasks_api.get("/metrics").text, "rag_tasks_total")
    assert found == {("rag_tasks_total", "cancelled", "index_documents"): 1}


def test_what_waits_is_told_with_its_age_and_nothing_while_redis_is_away(own_redis_server, tmp_path):
    settings = load_settings(redis_url=own_redis_server.url, lab_home=tmp_path)
    with TestClient(create_app(settings, open_rag=lambda settings: None)) as api:
        for _ in range(3):
            api.post("/batch_index", json={"documents": [{"id": "one", "text": "A text."}]})
        found = samples(api.get("/metrics").text, "rag_queue_tasks", "rag_queue_oldest_seconds")
        assert found["rag_queue_tasks", "indexing"] == 3
        assert 0 < found["rag_queue_oldest_seconds", "indexing"] < 120
        assert ("rag_queue_tasks", "query") not in found  # 0
        own_redis_server.kill()
        answer = api.get("/metrics")
        assert (answer.status_code, samples(answer.text, "rag_queue_tasks")) == (200, {})
