import threading

import httpx
import pytest
from fastapi.testclient import TestClient

from lab.errors import InputError, LabError, ModelError, ServiceError, SettingError
from lab.service.app import create_app
from lab.settings import load_settings

SECRET = "http://chroma:8000 said token=abc"


def caused_by(error: LabError, cause: Exception) -> LabError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("The question is too long."), 422),
        (ServiceError(SECRET), 503),
        (caused_by(ServiceError(SECRET), httpx.ConnectError(SECRET)), 503),
        (caused_by(ServiceError(SECRET), httpx.ReadTimeout(SECRET)), 504),
        (ModelError(SECRET), 503),
        (SettingError(SECRET), 500),
        (LabError(SECRET), 500),
        (RuntimeError(SECRET), 500),
    ],
)
def test_each_error_has_its_status_and_tells_nothing_internal(api, rag, error, status):
    rag.fails = error
    answer = api.post("/rag", json={"query": "Why?"})
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert not any(word in answer.text for word in ("chroma:8000", "token", "Traceback"))


def test_the_log_has_what_the_answer_leaves_out(api, rag, caplog):
    rag.fails = ServiceError(SECRET)
    api.post("/rag", json={"query": "Why?"})
    assert SECRET in caplog.text


def test_a_caller_is_told_when_to_come_back(api, rag):
    rag.fails = ServiceError("away")
    assert api.post("/rag", json={"query": "Why?"}).headers["retry-after"] == "5"


def test_a_path_that_is_not_there_is_a_problem_too(api):
    answer = api.get("/nowhere")
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")
    assert "GET /docs" in answer.json()["detail"]


def test_a_wrong_method_is_told_the_right_ones(api):
    answer = api.delete("/query")
    assert (answer.status_code, answer.json()["detail"]) == (405, "This address takes POST.")


def test_json_that_breaks_off_says_where(api):
    answer = api.post("/query", content='{"query": ', headers={"Content-Type": "application/json"})
    assert answer.json()["errors"] == [{"field": "body", "what": "This is no JSON, from character 10 on."}]


def test_what_was_sent_is_not_repeated(api):
    answer = api.post("/rag", json={"query": {"my": "password"}})
    assert (answer.status_code, "password" in answer.text) == (422, False)


def test_an_answer_that_takes_too_long_is_a_timeout(rag):
    go = threading.Event()
    rag.during = lambda: go.wait(10)
    app = create_app(load_settings(api_time_limit=0.05), rag.open)
    answer = TestClient(app).post("/rag", json={"query": "Why?"})
    go.set()
    assert (answer.status_code, answer.json()["title"]) == (504, "Gateway Timeout")


def test_a_queue_that_is_switched_off_says_how_to_switch_it_on_and_when_to_come_back(api):
    answer = api.post("/query_async", json={"query": "Why?"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "--profile production" in answer.json()["detail"]


def test_an_id_that_comes_twice_is_refused_in_the_same_words_by_both_ways_to_index(api):
    body = {"documents": [{"id": "a", "text": "One."}, {"id": "a", "text": "Two."}]}
    told = {(answer.status_code, answer.json()["detail"]) for answer in (api.post(path, json=body) for path in ("/index", "/batch_index"))}
    assert told == {(422, "These ids stand there more than once: a.")}
