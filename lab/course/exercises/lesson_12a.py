"""The first exercises of 12a: queues with readers, true states, a task that may run twice."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.text import text

_CONF = "from kombu import Queue\nmy_conf = {{'task_queues': [Queue('indexing'), Queue('query')], 'task_routes': {{{routes}}}, {rest}}}"
_ROUTES = "'rag_tasks.index_document': {'queue': 'indexing'}, 'rag_tasks.query_rag': {'queue': 'query'}"
_CLOSED = "'task_create_missing_queues': False, 'task_default_queue': 'no-route'"


def _goes_to(app: Any, task: str) -> str | None:
    """The queue that Celery's router chooses; None when it refuses."""
    from celery.exceptions import ImproperlyConfigured, QueueNotFound

    try:
        return str(app.amqp.router.route({}, task)["queue"].name)
    except (QueueNotFound, ImproperlyConfigured, KeyError):
        return None


@exercise(
    "queues",
    "my_conf",
    hints=(
        'A route looks like `"rag_tasks.query_rag": {"queue": "query"}`. All routes together are one dict.',
        '`"task_create_missing_queues": False` forbids other queues, and `"task_default_queue": "no-route"` names one that is not there.',
    ),
    wrong={
        "one-route": WrongAnswer(_CONF.format(routes="'rag_tasks.query_rag': {'queue': 'query'}", rest=_CLOSED), "index_document"),
        "swapped": WrongAnswer(
            _CONF.format(routes="'rag_tasks.index_document': {'queue': 'query'}, 'rag_tasks.query_rag': {'queue': 'query'}", rest=_CLOSED),
            "indexing",
        ),
        "open": WrongAnswer(_CONF.format(routes=_ROUTES, rest="'task_default_queue': 'no-route'"), "task_create_missing_queues"),
        "a-list": WrongAnswer("my_conf = ['indexing', 'query']", "dict"),
        "no-queues": WrongAnswer(f"my_conf = {{'task_routes': {{{_ROUTES}}}, {_CLOSED}}}", "task_queues"),
        "names-only": WrongAnswer(
            f"my_conf = {{'task_queues': ['indexing', 'query'], 'task_routes': {{{_ROUTES}}}, {_CLOSED}}}", "Queue(...)"
        ),
        "a-default-that-is-read": WrongAnswer(
            _CONF.format(routes=_ROUTES, rest="'task_create_missing_queues': False, 'task_default_queue': 'query'"), "no route"
        ),
    },
)
def queues(my_conf: Mapping[str, Any]) -> None:
    """my_conf routes two tasks to two queues, and refuses all others."""
    from celery import Celery

    if not isinstance(my_conf, dict):
        raise Wrong(text("`my_conf` should be a dict of settings, yours is {got}.", got=repr(my_conf)))
    app = Celery("judged", broker="memory://", set_as_current=False)
    app.conf.update(my_conf)
    if {getattr(queue, "name", "") for queue in app.conf.task_queues or ()} != {"indexing", "query"}:
        raise Wrong(text("`task_queues` should list the queues `indexing` and `query`, each as `Queue(...)`."))
    if app.conf.task_create_missing_queues is not False:
        raise Wrong(text("With your settings Celery makes any queue that is asked for. Set `task_create_missing_queues` to False."))
    for task, wanted in (("rag_tasks.index_document", "indexing"), ("rag_tasks.query_rag", "query")):
        got = _goes_to(app, task)
        if got != wanted:
            raise Wrong(
                text("`{task}` should go to `{wanted}`, with your settings it goes to {got}.", task=task, wanted=wanted, got=str(got))
            )
    if got := _goes_to(app, "rag_tasks.forgotten"):
        raise Wrong(text("A task with no route goes to `{got}` without a word. Choose a default that is not in the list.", got=got))


_STATES = {
    "PENDING": "queued",
    "STARTED": "running",
    "RETRY": "retrying",
    "SUCCESS": "completed",
    "FAILURE": "failed",
    "REVOKED": "cancelled",
}
_SECRET = "redis://:hunter2@redis:6379/0 refused"
_SAID = f"def task_status(task):\n    said = {{'status': {_STATES}[task.state]}}\n    "
_RESULT = "if task.state == 'SUCCESS':\n        said['result'] = task.result\n    "


@exercise(
    "states",
    "task_status",
    hints=(
        'Begin with a dict: `{"PENDING": "queued", "STARTED": "running", ...}`, and look `task.state` up in it.',
        'Add `"result": task.result` only for `SUCCESS`, and a fixed sentence as `"error"` only for `FAILURE`.',
    ),
    wrong={
        "ready": WrongAnswer("def task_status(task):\n    return {'status': 'completed' if task.ready() else 'queued'}", "STARTED"),
        "leaks": WrongAnswer(
            f"{_SAID}{_RESULT}if task.state == 'FAILURE':\n        said['error'] = str(task.result)\n    return said", "password"
        ),
        "no-result": WrongAnswer(f"{_SAID}return said", "result"),
        "no-error": WrongAnswer(f"{_SAID}{_RESULT}return said", "error"),
        "result-of-a-failure": WrongAnswer(f"{_SAID}said['result'] = task.result\n    return said", "password"),
    },
)
def states(task_status: Callable[[Any], Any]) -> None:
    """task_status(task) tells the state in words that are true, and nothing secret."""
    for state, wanted in _STATES.items():
        result = {"answer": "Yes."} if state == "SUCCESS" else ConnectionError(_SECRET) if state == "FAILURE" else None
        ended = state in ("SUCCESS", "FAILURE", "REVOKED")
        task = SimpleNamespace(state=state, status=state, result=result, info=result, ready=lambda ended=ended: ended)
        got = task_status(task)
        if not isinstance(got, dict) or got.get("status") != wanted:
            raise Wrong(
                text("For the state {state}, `status` should be `{wanted}`; yours gave {got}.", state=state, wanted=wanted, got=repr(got))
            )
        if "hunter2" in repr(got):
            raise Wrong(text("A caller would read the password that stands in the exception's text."))
        if state == "SUCCESS" and got.get("result") != result:
            raise Wrong(text("A completed task should have its `result` in the dict."))
        if state == "FAILURE" and not got.get("error"):
            raise Wrong(text("A failed task should have an `error` that says so."))


@exercise(
    "twice",
    "store",
    hints=(
        '`redis.hset("documents", source, text)` writes in place of what was there under the same key.',
        'Count afterwards: `sum(len(one.split()) for one in redis.hvals("documents"))`.',
    ),
    wrong={
        "incrby": WrongAnswer("def store(redis, source, text):\n    return redis.incrby('words', len(text.split()))", "second time"),
        "a-list": WrongAnswer(
            "def store(redis, source, text):\n    redis.rpush('d', text)\n"
            "    return sum(len(one.split()) for one in redis.lrange('d', 0, -1))",
            "second time",
        ),
        "by-text": WrongAnswer(
            "def store(redis, source, text):\n    redis.hset('documents', text, text)\n"
            "    return sum(len(one.split()) for one in redis.hvals('documents'))",
            "replace",
        ),
        "no-return": WrongAnswer("def store(redis, source, text):\n    redis.hset('documents', source, text)", "return"),
        "never-again": WrongAnswer(
            "def store(redis, source, text):\n    redis.hsetnx('documents', source, text)\n"
            "    return sum(len(one.split()) for one in redis.hvals('documents'))",
            "replace",
        ),
    },
)
def twice(store: Callable[..., Any]) -> None:
    """store(redis, source, text) has the same effect however often a task is delivered."""
    from redis import Redis

    from lab.course import own_redis

    with own_redis.for_a_moment() as url:
        redis = Redis.from_url(url, decode_responses=True)
        got = store(redis, "a.md", "one two three")
        if got is None:
            raise Wrong(text("`store` gave nothing back. Does the function `return` the number of words?"))
        if got != 3:
            raise Wrong(text("One document of three words should give 3, yours gave {got}.", got=repr(got)))
        if (got := store(redis, "a.md", "one two three")) != 3:
            raise Wrong(text("The same document a second time should change nothing; yours says {got} words instead of 3.", got=got))
        store(redis, "b.md", "four five")
        if (got := store(redis, "a.md", "six")) != 3:
            raise Wrong(text("A new text of `a.md` should replace the old one: 1 + 2 words, yours says {got}.", got=got))
