"""The book of issued tasks, in Redis beside Celery's results.

Celery knows no task by name before a worker has touched it: any id is "pending". And a message is in nobody's hands for a moment
when a worker has taken it off the queue and not yet noted that it did. So every task is written here before it is sent, stays in
the list of open ones until it ended, and is sent again when neither the queue nor a worker has it (sweeper.py).
"""

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any, cast

from lab.redis_client import connect
from lab.service.tasks.records import Outcome, Record
from lab.service.tasks.setup import PATIENCE
from lab.settings import Settings

RECORD, PARCEL, OPEN, DEAD = "tasks:record:", "tasks:parcel:", "tasks:open", "tasks:dead"
RESULT = "celery-task-meta-"  # Celery's own key of a result
MOST_DEAD = 1000  # dead letters that are kept; beyond them the oldest go

# In one step: whoever reads in between would see a task that failed without a reason.
END = """
local id, outcome, error, dead, seconds, now = unpack(ARGV)
if redis.call('HSETNX', KEYS[1], 'outcome', outcome) == 1 and error ~= '' then
  redis.call('HSET', KEYS[1], 'error', error)
end
redis.call('ZREM', KEYS[3], id)
outcome = redis.call('HGET', KEYS[1], 'outcome')
if dead ~= '' and outcome == 'failed' then
  redis.call('ZADD', KEYS[4], now, id)
elseif not redis.call('ZSCORE', KEYS[4], id) then
  redis.call('EXPIRE', KEYS[1], seconds)
  redis.call('DEL', KEYS[2])
end
return outcome
"""


class Book:
    """Reads and writes records. A sender gives up within a second when Redis is away, a worker tries for some more."""

    def __init__(self, settings: Settings, retries: int = 0):
        self.settings = settings
        self.redis = connect(settings.redis_for("results"), PATIENCE, retries, decode_responses=True)
        self._end = self.redis.register_script(END)

    # --- a sender's side

    def issue(self, records: Sequence[Record], parcels: dict[str, list[dict[str, Any]]]) -> None:
        """Enter tasks, before they are sent; all of them or none. `parcels` are documents, too large for a message."""
        now = time.time()
        with self.redis.pipeline() as pipe:
            for record in records:
                record.created = now
                pipe.hset(RECORD + record.id, mapping=record.to_redis())
            for task_id, documents in parcels.items():
                pipe.set(PARCEL + task_id, json.dumps(documents))
            pipe.zadd(OPEN, {record.id: self._later(now) for record in records})
            pipe.execute()

    def forget(self, ids: Sequence[str]) -> None:
        """Strike tasks out that could not be sent."""
        with self.redis.pipeline() as pipe:
            pipe.delete(*(prefix + one for one in ids for prefix in (RECORD, PARCEL)))
            pipe.zrem(OPEN, *ids)
            pipe.execute()

    def find(self, ids: Sequence[str]) -> list[tuple[Record | None, Any]]:
        """Records with the results that Celery stored: None where there is none (yet)."""
        with self.redis.pipeline(transaction=False) as pipe:
            for one in ids:
                pipe.hgetall(RECORD + one)
                pipe.get(RESULT + one)
            read = pipe.execute()
        return [(Record.of_redis(one, kept), _result(meta)) for one, kept, meta in zip(ids, read[::2], read[1::2], strict=True)]

    def waiting(self) -> int:
        """Tasks that have not ended."""
        return self.redis.zcard(OPEN)

    # --- a worker's side

    def parcel(self, task_id: str) -> list[dict[str, Any]] | None:
        """The documents of a task; None when they are gone, because it ended."""
        kept = cast("str | None", self.redis.get(PARCEL + task_id))
        return json.loads(kept) if kept else None

    def begin(self, task_id: str) -> Record | None:
        """Note that a task begins; its record as it is now, or None for one that was never entered."""
        record, result = self.find([task_id])[0]
        if record is None:
            return None
        if result is not None and not record.outcome:  # done, and the worker died before it could say so here
            self.end(record, "completed")
        if not record.outcome:
            with self.redis.pipeline() as pipe:
                pipe.hincrby(RECORD + task_id, "begun", 1)
                pipe.hset(RECORD + task_id, mapping={"retrying": 0})
                pipe.zadd(OPEN, {task_id: self._later()})
                record.begun, *_ = pipe.execute()
        return record

    def retry(self, task_id: str) -> None:
        """Note that a task ended in order, and that a further attempt was sent."""
        if self.redis.exists(RECORD + task_id):
            self.redis.hset(RECORD + task_id, mapping={"retrying": 1, "begun": 0})

    def end(self, record: Record, outcome: Outcome, error: str = "", dead: bool = False) -> None:
        """Note how a task ended; the first word counts. A dead letter stays until somebody looks after it, the rest expires."""
        keys = [RECORD + record.id, PARCEL + record.id, OPEN, DEAD]
        seconds = int(self.settings.worker_result_ttl) + 1
        told = [record.id, outcome, error, "dead" if dead else "", seconds, time.time()]
        record.outcome = self._end(keys=keys, args=told)

    # --- open and dead ones

    def overdue(self, most: int = 1000) -> list[str]:
        """Open tasks that should have ended, or should be looked after again, by now."""
        return cast("list[str]", self.redis.zrange(OPEN, "-inf", cast(int, time.time()), byscore=True, offset=0, num=most))

    def look_again(self, ids: Iterable[str]) -> None:
        """These are where they should be; look again later."""
        later = self._later()
        if marks := dict.fromkeys(ids, later):
            self.redis.zadd(OPEN, marks, xx=True)

    def dead(self) -> list[Record]:
        """Dead letters, the newest first."""
        ids = cast("list[str]", self.redis.zrevrange(DEAD, 0, -1))
        return [record for record, _ in self.find(ids) if record]

    def trim_dead(self) -> None:
        """Let the oldest go when there are too many."""
        old = cast("list[str]", self.redis.zrange(DEAD, 0, -MOST_DEAD - 1))
        for one in old:
            self.bury(one)

    def bury(self, task_id: str) -> bool:
        """Drop a dead letter; its status can be read until it expires. False when it is none."""
        with self.redis.pipeline() as pipe:
            pipe.zrem(DEAD, task_id)
            pipe.delete(PARCEL + task_id)
            pipe.expire(RECORD + task_id, int(self.settings.worker_result_ttl) + 1)
            was_there, *_ = pipe.execute()
        return bool(was_there)

    def revive(self, task_id: str) -> bool:
        """Open a dead letter again, to be sent once more. False when it is none."""
        if self.redis.zscore(DEAD, task_id) is None:
            return False
        with self.redis.pipeline() as pipe:
            pipe.zrem(DEAD, task_id)
            pipe.hdel(RECORD + task_id, "outcome", "error")
            pipe.hset(RECORD + task_id, mapping={"begun": 0, "retrying": 0})
            pipe.persist(RECORD + task_id)
            pipe.delete(RESULT + task_id)
            pipe.zadd(OPEN, {task_id: self._later()})
            pipe.execute()
        return True

    def _later(self, now: float | None = None) -> float:
        return (now or time.time()) + self.settings.worker_redelivery


def _result(meta: str | None) -> Any:
    """What a task returned; None when it has not, or has failed."""
    read = json.loads(meta) if meta else {}
    return read["result"] if read.get("status") == "SUCCESS" else None
