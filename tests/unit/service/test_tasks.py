"""The queue's parts that need no Redis."""

import subprocess
import sys
from collections import Counter

import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from hypothesis import given
from hypothesis import strategies as st
from redis import ConnectionError as RedisAway

from lab.errors import InputError, ModelError, ServiceError
from lab.service.models.documents import Document
from lab.service.tasks.booked import LONGEST_PAUSE, of_the_queue, pause, reason, told_of_time
from lab.service.tasks.celery_queue import PART, PART_CHARACTERS, parts
from lab.service.tasks.queue import NoQueue, QueueAway
from lab.service.tasks.records import Record
from lab.service.tasks.setup import QUEUES, make_app
from lab.service.tasks.status import of_batch, of_task, overall
from lab.settings import load_settings

LONG = "x" * 2 * PART_CHARACTERS
RESULT = {"status": "success", "documents": 2, "indexed": 5, "problems": []}


def batch_of(*parts_of_it):
    batch = Record("b", "me", members=[one.id for one, _ in parts_of_it], size=sum(one.size for one, _ in parts_of_it))
    return of_batch(batch, parts_of_it)


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        ({"queued": 2}, "queued"),
        ({"queued": 1, "completed": 1}, "running"),
        ({"running": 1, "failed": 1}, "running"),
        ({"retrying": 2}, "running"),
        ({"completed": 9, "failed": 1}, "failed"),
        ({"completed": 1, "cancelled": 1}, "cancelled"),
        ({"completed": 2}, "completed"),
    ],
)
def test_a_batch_is_completed_only_when_all_of_it_is(counts, state):
    assert overall(Counter(counts)) == state


def test_a_batch_adds_up_what_its_parts_brought():
    done, waiting = Record("1", "me", size=2), Record("2", "me", size=3)
    status = batch_of((done, RESULT), (waiting, None))
    assert (status.status, status.progress.done, status.progress.total) == ("running", 2, 5)
    assert (status.result.documents, status.result.counts) == (2, {"completed": 1, "queued": 1})


def test_a_failed_task_has_an_error_and_no_result():
    status = of_task(Record("1", "me", outcome="failed", error="It took too long."), None)
    assert (status.status, status.result, status.error) == ("failed", None, "It took too long.")


@pytest.mark.parametrize(("changes", "state"), [({}, "queued"), ({"begun": 1}, "running"), ({"begun": 0, "retrying": True}, "retrying")])
def test_the_state_of_an_open_task_is_what_its_worker_noted(changes, state):
    assert Record("1", "me", **changes).state(stored=False) == state


def test_a_record_is_read_as_it_was_written():
    record = Record("1", "me", "rag_tasks.query_rag", {"request": {"query": '\n"é'}}, ["2"], "call", 1.5, 3, 2, True, "failed", "why")
    assert Record.of_redis("1", record.to_redis()) == record
    assert Record.of_redis("1", {"begun": "1"}) is None


@given(st.lists(st.sampled_from([0, 1, PART_CHARACTERS // 3, PART_CHARACTERS, 2 * PART_CHARACTERS]), min_size=1, max_size=60))
def test_parts_hold_every_document_once_in_order_and_stay_small(lengths):
    documents = [Document.model_construct(id=str(number), text=LONG[:length]) for number, length in enumerate(lengths)]
    cut = list(parts(documents))
    assert [one for part in cut for one in part] == documents
    assert all(1 <= len(part) <= PART for part in cut)
    assert all(len(part) == 1 or sum(len(one.text) for one in part) <= PART_CHARACTERS for part in cut)


@given(st.integers(0, 200))
def test_pauses_grow_stay_bounded_and_differ(attempts):
    expected = min(2**attempts, LONGEST_PAUSE)
    assert 0.75 * expected <= pause(attempts) <= 1.25 * expected


@pytest.mark.parametrize("error", [ServiceError("Chroma at 10.0.0.7"), ModelError("10.0.0.7 has none"), KeyError("10.0.0.7")])
def test_a_reason_says_nothing_of_what_is_inside(error):
    assert "10.0.0.7" not in reason(error)


def test_what_the_caller_did_wrong_is_told():
    assert reason(InputError("The text is empty.")) == "The text is empty."


def test_a_time_limit_is_seen_behind_the_error_it_became():
    try:
        try:
            raise SoftTimeLimitExceeded
        except SoftTimeLimitExceeded as limit:
            raise ServiceError("Chroma does not answer.") from limit
    except ServiceError as error:
        assert told_of_time(error)
        assert reason(error).startswith("It took longer than")


def test_a_queue_that_fails_is_no_failure_of_its_task():
    gone = RuntimeError("Retry limit exceeded while trying to reconnect to the Celery result store backend. …")
    assert [of_the_queue(one) for one in (RedisAway("away"), gone, RuntimeError("other"))] == [True, True, False]


def test_without_a_queue_every_call_says_how_to_switch_it_on():
    with pytest.raises(QueueAway, match="--profile production"):
        NoQueue().status("me", "1")


def test_the_two_sides_agree_and_nothing_but_json_is_taken():
    conf = make_app(load_settings()).conf
    assert (conf.task_serializer, conf.result_serializer, conf.accept_content) == ("json", "json", ["json"])
    assert (conf.enable_utc, conf.timezone) == (True, "Asia/Tokyo")
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.worker_prefetch_multiplier) == (True, True, 1)
    assert {queue.name for queue in conf.task_queues} == set(QUEUES.values())


def test_broker_and_results_are_two_databases():
    app = make_app(load_settings(redis_url="redis://host:1"))
    assert (app.conf.broker_url, app.conf.result_backend) == ("redis://host:1/0", "redis://host:1/1")


def test_a_message_is_given_to_another_worker_after_the_time_of_the_settings():
    options = make_app(load_settings(worker_redelivery=400)).conf.broker_transport_options
    assert (options["visibility_timeout"], options["unacked_restore_throttle"], options["unacked_mutex_expire"] < 30) == (400, 1, True)


def test_a_worker_needs_no_web_app():
    web = "sys.modules.keys() & {'fastapi', 'starlette', 'lab.service.app'}"
    code = f"import sys, lab.service.tasks.index, lab.service.tasks.query; sys.exit(bool({web}))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
