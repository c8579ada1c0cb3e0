import time

import psutil


def test_a_question_is_answered_by_a_worker(tasks_api, workers, ended):
    issued = tasks_api.post("/query_async", json={"query": "Which port?"})
    assert (issued.status_code, issued.json()["status"]) == (202, "queued")
    assert issued.headers["location"] == f"/task_status/{issued.json()['task_id']}"
    status = ended(issued.json()["task_id"])
    assert (status["status"], status["result"]["answer"], status["error"]) == ("completed", "Which port?", None)


def test_what_cannot_be_used_is_told_as_failed_with_the_reason(send, workers, ended):
    status = ended(send(wrong="wrong")["task_id"])
    assert (status["status"], status["error"]) == ("failed", "Its headings are too long.")
    assert workers.begun("wrong") == 1  # no other attempt could help


def test_a_mistake_in_the_code_is_told_as_failed_and_nothing_of_it(send, workers, ended):
    status = ended(send(broken="broken")["task_ids"][0])
    assert (status["status"], status["result"], "secret" in str(status)) == ("failed", None, False)
    assert workers.begun("broken") == 1


def test_a_service_that_is_away_gets_another_attempt_and_then_the_task_is_a_dead_letter(tasks_api, send, workers, queue, ended, wait_until):
    issued = send(away="away")["task_ids"][0]
    wait_until(lambda: tasks_api.get(f"/task_status/{issued}").json()["status"] == "retrying", "the retry", 20)
    status = ended(issued)
    assert (status["status"], workers.begun("away"), "10.0.0.7" in str(status)) == ("failed", 2, False)
    letter = next(one for one in queue.book.dead() if one.id == issued)
    assert (letter.name, letter.error) == ("rag_tasks.index_documents", status["error"])


def test_a_dead_letter_can_be_put_back(send, workers, queue, ended):
    issued = send(back="broken")["task_ids"][0]
    ended(issued)
    queue.book.redis.set(f"tasks:parcel:{issued}", '[{"id": "back", "text": "repaired"}]')
    assert queue.put_back(issued)
    assert (ended(issued)["status"], workers.begun("back")) == ("completed", 2)
    assert not queue.put_back(issued)


def test_a_task_that_takes_too_long_ends_and_frees_its_place(send, workers, ended):
    status = ended(send(slow="slow")["task_id"])
    assert (status["status"], status["error"]) == ("failed", "It took longer than 8 seconds.")
    assert ended(send(quick="text")["task_id"])["status"] == "completed"


def test_what_makes_processes_die_is_given_up(send, workers, ended):
    status = ended(send(deadly="deadly")["task_id"])
    assert (status["status"], status["error"]) == ("failed", "The worker's process died 3 times while it did this.")
    assert workers.begun("deadly") == 3


def test_a_batch_has_one_status_with_counts(send, workers, ended):
    issued = send(**{f"d{number}": "text" for number in range(40)})
    assert issued["task_count"] == 3
    status = ended(issued["task_id"])
    assert (status["status"], status["progress"]) == ("completed", {"done": 40, "total": 40})
    assert (status["result"]["indexed"], status["result"]["counts"]) == (120, {"completed": 3})


def test_what_runs_is_ended_when_it_is_taken_back(tasks_api, send, workers, ended, wait_until):
    issued = send(taken="slow")["task_id"]
    wait_until(lambda: workers.begun("taken"), "the task to begin")
    assert tasks_api.delete(f"/task_status/{issued}").json()["status"] == "cancelled"
    ((process,),) = workers.rows("select process from begun where document = 'taken'")
    wait_until(lambda: not psutil.pid_exists(process), "the end of its process", 5)
    assert ended(send(after="text")["task_id"])["status"] == "completed"
    assert tasks_api.get(f"/task_status/{issued}").json()["status"] == "cancelled"


def test_a_worker_writes_the_id_of_the_call_into_its_log_and_no_question(tasks_api, workers, ended, wait_until):
    sent = tasks_api.post("/query_async", json={"query": "A secret question?"}, headers={"X-Request-ID": "call-4711"})
    ended(sent.json()["task_id"])
    wait_until(lambda: '"request_id":"call-4711"' in workers.log(0).read_text(), "the line of the task")
    assert "secret question" not in workers.log(0).read_text()


def test_a_worker_has_a_heartbeat(workers, queue_settings):
    (beat,) = (queue_settings.lab_home / "workers").iterdir()
    assert beat.name == str(workers.processes[0].pid)
    assert time.time() - beat.stat().st_mtime < 30
