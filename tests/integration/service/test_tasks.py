import time

import pytest

ENDED = ("completed", "failed", "cancelled")


@pytest.fixture
def ended(api, wait_until):
    """Waits until a task has ended, and gives its status."""

    def wait(task_id: str, timeout: float = 30):
        def look():
            status = api.get(f"/task_status/{task_id}").json()
            return status if status["status"] in ENDED else None

        return wait_until(look, f"task {task_id} to end", timeout)

    return wait


def test_a_question_waits_is_answered_and_its_answer_is_kept(api, workers, ended):
    issued = api.post("/query_async", json={"query": "Which port?"})
    assert (issued.status_code, issued.json()["status"]) == (202, "queued")
    place = issued.headers["location"]
    assert api.get(place).json()["status"] == "queued"
    workers.begin()
    status = ended(issued.json()["task_id"])
    assert (status["status"], status["result"]["answer"], status["error"]) == ("completed", "Which port?", None)


def test_what_fails_is_told_as_failed_without_what_is_inside(send, workers, ended):
    workers.begin()
    wrong, broken = send(one="wrong"), send(two="broken")
    assert (ended(wrong["task_id"])["status"], ended(wrong["task_id"])["error"]) == ("failed", "Its headings are too long.")
    status = ended(broken["task_ids"][0])
    assert (status["status"], status["result"], "secret" in str(status)) == ("failed", None, False)
    assert (workers.begun("one"), workers.begun("two")) == (1, 1)


def test_a_service_that_is_away_gets_another_attempt_and_then_the_task_is_a_dead_letter(api, send, workers, queue, ended, wait_until):
    workers.begin()
    issued = send(one="away")["task_ids"][0]
    wait_until(lambda: api.get(f"/task_status/{issued}").json()["status"] == "retrying", "the retry", 20)
    status = ended(issued)
    assert (status["status"], workers.begun("one"), "10.0.0.7" in str(status)) == ("failed", 2, False)
    (letter,) = queue.book.dead()
    assert (letter.id, letter.name, letter.error) == (issued, "rag_tasks.index_documents", status["error"])


def test_a_task_that_takes_too_long_ends_and_frees_its_place(send, workers, ended):
    workers.begin(0.05, "--concurrency=1")
    slow, quick = send(one="slow"), send(two="text")
    status = ended(slow["task_id"])
    assert (status["status"], status["error"]) == ("failed", "It took longer than 8 seconds.")
    assert ended(quick["task_id"])["status"] == "completed"


def test_what_makes_processes_die_is_given_up_and_can_be_put_back(send, workers, queue, ended):
    workers.begin()
    issued = send(one="deadly")["task_id"]
    status = ended(issued, 60)
    assert (status["status"], status["error"]) == ("failed", "The worker's process died 3 times while it did this.")
    assert workers.begun("one") == 3


def test_a_batch_has_one_status_with_counts(send, workers, ended):
    workers.begin()
    issued = send(**{f"d{number}": "text" for number in range(40)})
    assert issued["task_count"] == 3
    status = ended(issued["task_id"])
    assert (status["status"], status["progress"]) == ("completed", {"done": 40, "total": 40})
    assert (status["result"]["indexed"], status["result"]["counts"]) == (120, {"completed": 3})


def test_what_waits_is_dropped_when_it_is_taken_back(api, send, workers, ended):
    first, second = send(one="text"), send(two="text")
    assert api.delete(f"/task_status/{first['task_id']}").json()["status"] == "cancelled"
    workers.begin()
    ended(second["task_id"])
    assert (workers.begun("one"), workers.begun("two")) == (0, 1)
    assert api.get(f"/task_status/{first['task_ids'][0]}").json()["status"] == "cancelled"


def test_what_runs_is_ended_when_it_is_taken_back(api, send, workers, ended, wait_until):
    workers.begin(0.05, "--concurrency=1")
    issued = send(one="slow")["task_id"]
    wait_until(lambda: workers.begun("one"), "the task to begin", 30)
    started = time.monotonic()
    assert api.delete(f"/task_status/{issued}").json()["status"] == "cancelled"
    assert ended(send(two="text")["task_id"])["status"] == "completed"
    assert time.monotonic() - started < 3


def test_nobody_sees_a_task_that_was_not_issued_to_them(api, queue, send):
    issued = send(one="text")["task_id"]
    assert queue.status("everybody", issued) is not None
    assert (queue.status("other", issued), queue.cancel("other", issued)) == (None, None)
    assert [api.get(f"/task_status/{one}").status_code for one in ("00000000-0000-0000-0000-000000000000", "odd")] == [404, 404]


def test_redis_that_goes_and_comes_back(api, own_redis_server, workers, ended):
    workers.begin()
    assert api.post("/query_async", json={"query": "one"}).status_code == 202
    own_redis_server.kill()
    started = time.monotonic()
    answers = [api.post("/query_async", json={"query": "two"}), api.get("/task_status/odd"), api.delete("/task_status/odd")]
    assert ([one.status_code for one in answers], time.monotonic() - started < 6) == ([503] * 3, True)
    assert answers[0].headers["retry-after"] == "5"
    own_redis_server.start()
    again = api.post("/query_async", json={"query": "three"})
    assert again.status_code == 202
    assert ended(again.json()["task_id"])["result"]["answer"] == "three"
