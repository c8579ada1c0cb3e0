"""What surrounds every request, seen from outside."""

import io
import json
import logging
import re
import string

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.observe import log
from lab.service.app import create_app
from lab.service.auth import digest
from lab.settings import load_settings

KEY = "the-key-of-ann"
PAGE = "http://localhost:3000"
MADE = re.compile("[0-9a-f]{32}")


@pytest.fixture
def make_api(rag):
    """Gives an API with these settings over a pipeline that answers at once."""

    def make(**values) -> TestClient:
        return TestClient(create_app(load_settings(**values), rag.open), raise_server_exceptions=False)

    return make


@pytest.fixture
def guarded(make_api):
    return make_api(api_keys=f"ann:{digest(KEY)}")


@pytest.fixture
def access(monkeypatch):
    """The lines of the access log."""
    stream, kept = io.TextIOWrapper(io.BytesIO()), logging.getLogger().handlers[:]
    monkeypatch.setattr(log, "access", log.access)
    log.configure(stream)
    logging.getLogger().handlers = kept
    return lambda: [json.loads(line) for line in stream.buffer.getvalue().splitlines()]


# --- request ids ---


def test_each_answer_has_an_id_and_a_problem_repeats_it(api):
    answer = api.get("/nowhere")
    assert MADE.fullmatch(answer.headers["x-request-id"])
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_a_callers_own_id_is_kept(api):
    assert api.get("/health", headers={"X-Request-ID": "from-the-proxy.1"}).headers["x-request-id"] == "from-the-proxy.1"


@pytest.mark.parametrize("sent", ["", "a" * 65, "a b", 'a","level":"error', "a;b", "ä".encode()])
def test_an_id_that_could_forge_a_log_is_replaced(api, sent):
    assert MADE.fullmatch(api.get("/health", headers={"X-Request-ID": sent}).headers["x-request-id"])


@pytest.fixture(scope="module")
def small():
    """An API for requests of a kilobyte, made once: hypothesis sends a hundred."""
    app = create_app(load_settings(api_max_body_mb=0.001), lambda settings: settings)
    return TestClient(app, raise_server_exceptions=False)


@settings(deadline=None)
@given(sent=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=70))
def test_whatever_id_is_sent_the_log_gets_letters_digits_and_three_signs(small, sent):
    used = small.get("/health", headers={"X-Request-ID": sent}).headers["x-request-id"]
    assert used == sent.strip() or MADE.fullmatch(used)
    assert set(used) <= set(string.ascii_letters + string.digits + "._-")


def test_the_log_of_a_thread_has_the_id_too(api, rag):
    seen = []
    rag.during = lambda: seen.append(log.request_id.get())
    api.post("/rag", json={"query": "Why?"}, headers={"X-Request-ID": "abc"})
    assert seen == ["abc"]


# --- the line of a request ---


def test_a_line_tells_what_happened_and_not_what_was_asked(access, guarded):
    guarded.get("/rag", params={"query": "secret question"}, headers={"Authorization": f"Bearer {KEY}", "X-Request-ID": "abc"})
    (line,) = access()
    assert {name: line[name] for name in ("method", "route", "status", "caller", "request_id")} == {
        "method": "GET",
        "route": "/rag",
        "status": 200,
        "caller": "ann",
        "request_id": "abc",
    }
    assert line["ms"] > 0
    assert not any(secret in json.dumps(line) for secret in (KEY, "secret", "question"))


def test_a_refused_request_has_its_line_too(access, guarded):
    guarded.post("/rag", json={"query": "Why?"}, headers={"Authorization": "Bearer wrong"})
    assert [(line["status"], line["caller"]) for line in access()] == [(401, "")]


# --- keys ---


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {KEY}"}, {"X-API-Key": KEY}])
def test_whoever_has_a_key_may_call(guarded, headers):
    assert guarded.post("/rag", json={"query": "Why?"}, headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/rag?query=a", "/query", "/nowhere", "/documents", "/task_status/abc"])
@pytest.mark.parametrize(
    ("headers", "told"), [({}, 'Bearer realm="rag"'), ({"X-API-Key": "no"}, 'Bearer realm="rag", error="invalid_token"')]
)
def test_without_a_valid_key_nothing_is_told(guarded, path, headers, told):
    answer = guarded.get(path, headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, told)


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/openapi.json", "/docs"])
def test_probes_and_the_description_need_no_key(guarded, path):
    assert guarded.get(path).status_code in (200, 503)


def test_without_keys_a_name_from_elsewhere_is_refused(api, guarded):
    strange = {"Host": "evil.example.com"}
    assert api.post("/rag", json={"query": "Why?"}, headers=strange).status_code == 403
    assert guarded.post("/rag", json={"query": "Why?"}, headers={**strange, "X-API-Key": KEY}).status_code == 200


# --- limits ---


def test_who_calls_too_often_is_told_when_to_come_back(make_api):
    api = make_api(api_rate_limit="2/hour")
    answers = [api.post("/rag", json={"query": "Why?"}) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 3600
    assert api.get("/health").status_code == 200


def test_a_body_that_says_it_is_too_large_is_not_read(make_api):
    api = make_api(api_max_body_mb=0.001)
    answer = api.post("/ingest", json={"text": "a" * 2000})
    assert (answer.status_code, answer.json()["title"], answer.headers["connection"]) == (413, "Content Too Large", "close")
    assert "/batch_index" in answer.json()["detail"]


@settings(deadline=None)
@given(sizes=st.lists(st.integers(1, 700), min_size=1, max_size=8))
def test_a_body_that_comes_in_parts_is_counted(small, sizes):
    body = b'{"text": "' + b"a" * sum(sizes) + b'"}'
    parts = [body[start : start + 100] for start in range(0, len(body), 100)]
    answer = small.post("/query", content=iter(parts), headers={"Content-Type": "application/json"})
    assert answer.status_code == (413 if len(body) > 1000 else 422)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", None])
def test_another_media_type_is_refused(api, kind):
    headers = {} if kind is None else {"Content-Type": kind}
    answer = api.post("/rag", content=b'{"query": "Why?"}', headers=headers)
    assert (answer.status_code, answer.headers["accept"]) == (415, "application/json")


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"])
def test_json_is_taken_under_all_its_names(api, kind):
    assert api.post("/rag", content=b'{"query": "Why?"}', headers={"Content-Type": kind}).status_code == 200


def test_no_body_at_all_is_no_question_of_its_type(api):
    assert api.post("/rag").status_code == 422


@pytest.mark.parametrize(("method", "path", "allow"), [("PUT", "/rag", "GET, POST"), ("GET", "/query", "POST"), ("POST", "/health", "GET")])
def test_another_method_is_told_which_there_are(api, method, path, allow):
    answer = api.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)
    assert answer.headers["content-type"] == "application/problem+json"


# --- CORS ---


@pytest.fixture
def crossed(make_api):
    return make_api(api_origins=PAGE, api_keys=f"ann:{digest(KEY)}", api_max_body_mb=0.001)


def preflight(api, origin=PAGE, method="POST", headers="authorization, content-type, x-api-key"):
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return api.options("/query", headers=asked)


def test_a_listed_page_passes_preflight_without_a_key(crossed):
    answer = preflight(crossed)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, PAGE)
    assert "POST" in answer.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    "other", [{"origin": "http://localhost:3001"}, {"origin": "https://localhost:3000"}, {"method": "PUT"}, {"headers": "x-odd"}]
)
def test_another_origin_method_or_header_does_not(crossed, other):
    assert preflight(crossed, **other).status_code == 400


def test_refusals_and_failures_can_be_read_by_the_page_too(crossed, rag):
    key, origin = {"X-API-Key": KEY}, {"Origin": PAGE}
    rag.fails = RuntimeError("unforeseen")
    asked = {"json": {"query": "Why?"}}
    answers = [
        crossed.post("/rag", headers=origin, **asked),
        crossed.get("/nowhere", headers=origin | key),
        crossed.put("/rag", headers=origin | key),
        crossed.post("/rag", headers=origin | key, json={"query": "a" * 2000}),
        crossed.post("/rag", headers=origin | key, json={}),
        crossed.post("/rag", headers=origin | key, **asked),
    ]
    assert [one.status_code for one in answers] == [401, 404, 405, 413, 422, 500]
    assert {one.headers["access-control-allow-origin"] for one in answers} == {PAGE}
    assert all("X-Request-ID" in one.headers["access-control-expose-headers"] for one in answers)


def test_another_page_gets_an_answer_that_its_browser_keeps_from_it(crossed):
    answer = crossed.post("/rag", json={"query": "Why?"}, headers={"Origin": "http://evil.example.com", "X-API-Key": KEY})
    assert (answer.status_code, "access-control-allow-origin" in answer.headers) == (200, False)


def test_without_the_list_options_is_not_allowed(api):
    answer = preflight(api)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


# --- what nobody foresaw ---


def test_an_unforeseen_error_is_logged_and_answered_with_its_id(api, rag, caplog):
    rag.fails = RuntimeError("unforeseen")
    answer = api.post("/rag", json={"query": "Why?"})
    assert (answer.status_code, answer.json()["request_id"]) == (500, answer.headers["x-request-id"])
    assert "unforeseen" in caplog.text


def test_two_applications_can_be_made_in_one_process(make_api):
    first, second = make_api(), make_api()
    first.get("/health")
    assert 'route="/health"' in first.get("/metrics").text
    assert 'route="/health"' not in second.get("/metrics").text
