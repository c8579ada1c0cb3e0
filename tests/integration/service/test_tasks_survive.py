"""Kills (-9) of processes, workers and Redis while tasks run, counted in the end: nothing lost, nothing doubled in effect."""

import os
import random
import signal
import time
from collections import Counter

import psutil
import pytest
from redis import Redis

from lab.service.models.documents import Document
from lab.service.tasks.celery_queue import CeleryQueue
from lab.settings import load_settings

KILLS = {"process": 170, "worker": 30, "redis": 6}
CREW = 3  # workers
AT_ONCE = 60  # tasks that are kept open, so that there is always one to be hit
LIMITS = {"worker_time_limit": 10, "worker_redelivery": 11, "worker_deaths": 1000, "worker_concurrency": 4, "worker_queue": 1000}


class Storm:
    """Sends tasks, and kills what works on them."""

    def __init__(self, workers, redis, queue):
        self.workers, self.redis, self.queue = workers, redis, queue
        self.dice = random.Random(4711)
        self.sent, self.crew, self.done = {}, [], Counter()

    def run(self):
        order = [kind for kind, times in KILLS.items() for _ in range(times)]
        self.dice.shuffle(order)
        for kind in order:
            deadline = time.monotonic() + 60
            while not self._kill_one(kind):
                assert time.monotonic() < deadline, f"found no {kind} to kill"

    def _kill_one(self, kind):
        """True when it was killed. It happens at any moment of what runs."""
        self._feed()
        self._man()
        time.sleep(self.dice.uniform(0, 0.1))
        killed = {"process": self._kill_process, "worker": self._kill_worker, "redis": self._kill_redis}[kind]()
        self.done[kind] += killed
        return killed

    def _feed(self):
        """Each task has one document, with a text of its own."""
        while self.queue.book.waiting() < 2 * AT_ONCE:  # a task and its batch
            name = f"doc{len(self.sent)}"
            self.sent[name] = self.queue.index("everybody", [Document(id=name, text=f"text of {name}")]).task_id

    def _man(self):
        self.crew = [one for one in self.crew if one.is_running()]
        while len(self.crew) < CREW:
            self.crew.append(self.workers.begin(0.2))

    def _kill_process(self):
        """One of those that began a task last."""
        alive = {child.pid for one in self.crew for child in _children(one.pid)}
        busy = [one for (one,) in self.workers.rows("select process from begun order by at desc limit 8") if one in alive]
        return bool(busy) and _kill(self.dice.choice(busy))

    def _kill_worker(self):
        ready = [one.pid for one in self.crew if self.workers.ready(one)]
        return bool(ready) and _kill(self.dice.choice(ready))

    def _kill_redis(self):
        self.redis.kill()
        self.redis.start()
        return True


def _children(process):
    try:
        return psutil.Process(process).children()
    except psutil.NoSuchProcess:
        return []


def _kill(process):
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def storm(own_redis_server, crew, tmp_path):
    settings = load_settings(redis_url=own_redis_server.url, lab_home=tmp_path / "home", **LIMITS)
    return Storm(crew(settings, tmp_path), own_redis_server, CeleryQueue(settings))


def test_nothing_is_lost_and_nothing_doubled_by_two_hundred_kills(storm, wait_until, capsys):
    started = time.monotonic()
    storm.run()
    killed = time.monotonic() - started

    def states():
        return Counter(storm.queue.status("everybody", one).status for one in storm.sent.values())

    wait_until(lambda: not set(states()) & {"queued", "running", "retrying"}, "all tasks to end", 90)
    begun = [times for (times,) in storm.workers.rows("select count(*) from begun group by document")]
    again = sum("nobody's hands" in line for number in range(len(storm.workers.processes)) for line in storm.workers.log(number).open())
    with capsys.disabled():
        print(f"\nkills {dict(storm.done)} in {killed:.0f} s; {len(storm.sent)} tasks {dict(states())}, begun {sum(begun)} times")
        print(f"{sum(n > 1 for n in begun)} tasks begun more than once, {again} sent again; {time.monotonic() - started:.0f} s in all")
    assert states() == {"completed": len(storm.sent)}
    stored = sorted(storm.workers.rows("select document, number, text from chunks"))
    assert stored == sorted((name, number, f"text of {name}") for name in storm.sent for number in range(3))
    broker = Redis.from_url(storm.redis.url + "/0")
    wait_until(lambda: not broker.llen("indexing") and not broker.hlen("unacked"), "the queue to be empty", 30)
