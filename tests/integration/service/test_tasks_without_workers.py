import json
import time

import pytest

from lab.service.tasks.setup import make_app
from lab.settings import load_settings


def test_what_waits_is_queued_until_it_is_taken_back(tasks_api, send):
    issued = send(one="text")
    assert tasks_api.get(f"/task_status/{issued['task_id']}").json()["status"] == "queued"
    assert tasks_api.delete(f"/task_status/{issued['task_id']}").json()["status"] == "cancelled"
    assert tasks_api.get(f"/task_status/{issued['task_ids'][0]}").json()["status"] == "cancelled"


def test_nobody_sees_a_task_that_was_not_issued_to_them(tasks_api, queue, send):
    issued = send(one="text")["task_id"]
    assert queue.status("everybody", issued) is not None
    assert (queue.status("other", issued), queue.cancel("other", issued)) == (None, None)


@pytest.mark.parametrize("unknown", ["00000000-0000-0000-0000-000000000000", "odd", "%00", "%F0%9F%98%80"])
def test_an_id_that_was_never_issued_is_not_found(tasks_api, unknown):
    assert tasks_api.get(f"/task_status/{unknown}").status_code == 404


def test_an_id_may_stand_in_a_batch_once(tasks_api):
    twice = [{"id": "a", "text": "one"}, {"id": "a", "text": "two"}]
    answer = tasks_api.post("/batch_index", json={"documents": twice})
    assert (answer.status_code, answer.json()["detail"].endswith(": a.")) == (422, True)


def test_a_queue_that_is_full_refuses(queue_settings, api_on):
    full = api_on(load_settings(**{**queue_settings.model_dump(), "worker_queue": 1}))
    answers = [full.post("/query_async", json={"query": "one"}) for _ in range(3)]
    assert (answers[-1].status_code, answers[-1].json()["detail"].startswith("The task queue is full")) == (503, True)


def test_a_task_without_a_route_is_an_error_where_it_is_sent(queue_settings):
    with pytest.raises(KeyError, match="task_queues"):
        make_app(queue_settings, results=False).send_task("rag_tasks.generate_embedding")


def test_messages_are_json_and_hold_no_document(queue, send, redis_of_module):
    from redis import Redis

    send(one="a text that stays out of messages")
    message = Redis.from_url(redis_of_module.url + "/0").lindex("indexing", 0)
    assert (b'"application/json"' in message, b"stays out" in message, len(message) < 2000) == (True, False, True)


def test_a_redis_that_goes_and_comes_back(own_redis_server, api_on):
    api = api_on(load_settings(redis_url=own_redis_server.url))
    first = api.post("/query_async", json={"query": "one"})
    own_redis_server.kill()
    for call in (lambda: api.post("/query_async", json={"query": "two"}), lambda: api.get("/task_status/odd"), lambda: api.get("/health")):
        started = time.monotonic()
        answer = call()
        assert time.monotonic() - started < 2
        assert answer.status_code == (200 if answer.url.path == "/health" else 503)
    own_redis_server.start()
    assert api.post("/query_async", json={"query": "three"}).status_code == 202
    assert api.get(first.headers["location"]).json()["status"] == "queued"  # it was on the disk


def test_without_the_profile_the_routes_say_how_to_switch_it_on(api_on, tmp_path):
    api = api_on(load_settings(lab_home=tmp_path))
    answer = api.post("/query_async", json={"query": "one"})
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert "--profile production" in answer.json()["detail"]


def test_the_command_shows_what_waits_and_what_was_given_up(queue, send, monkeypatch):
    from typer.testing import CliRunner

    from lab.cli import app, tasks

    monkeypatch.setattr(tasks, "_queue", lambda: queue)
    issued = send(given_up="text")["task_ids"][0]
    queue.book.end(queue.book.find([issued])[0][0], "failed", "It took too long.", dead=True)
    told = json.loads(CliRunner().invoke(app.app, ["tasks", "--json"]).stdout)
    assert [(one["id"], one["error"]) for one in told["given_up"]] == [(issued, "It took too long.")]
    back = CliRunner().invoke(app.app, ["tasks", "--put-back", "all"])
    assert (f"indexing: {told['queues']['indexing'] + 1} waiting" in back.stdout, "given up: 0" in back.stdout) == (True, True)
