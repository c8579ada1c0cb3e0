"""The exercises of 12b, past one machine: rules of an update, time to stop, the narrowest part, Kubernetes' words, a restore drill."""

from collections.abc import Callable, Mapping
from typing import Any

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.text import text

SECOND = 1_000_000_000
RULES = {
    "order": ("start-first", "Which comes first, so that there is never a copy too few? `order` should be `start-first`."),
    "parallelism": (1, "`parallelism` is how many copies are replaced at once: 1."),
    "failure_action": ("rollback", "`failure_action` says what happens to a version that fails: `rollback` takes it back."),
}


@exercise(
    "careful",
    "my_rules",
    hints=(
        "`order` is `stop-first` or `start-first`; `failure_action` is `pause`, `continue` or `rollback`.",
        "`monitor` counts nanoseconds: 5 seconds are `5 * 1_000_000_000`.",
    ),
    wrong={
        "stops-first": WrongAnswer(
            "my_rules = {'order': 'stop-first', 'parallelism': 1, 'failure_action': 'rollback', 'monitor': 5 * 10**9}", "comes first"
        ),
        "all-at-once": WrongAnswer(
            "my_rules = {'order': 'start-first', 'parallelism': 0, 'failure_action': 'rollback', 'monitor': 5 * 10**9}", "at once"
        ),
        "pause": WrongAnswer(
            "my_rules = {'order': 'start-first', 'parallelism': 1, 'failure_action': 'pause', 'monitor': 5 * 10**9}", "takes it back"
        ),
        "seconds": WrongAnswer(
            "my_rules = {'order': 'start-first', 'parallelism': 1, 'failure_action': 'rollback', 'monitor': 5}", "nanoseconds"
        ),
        "no-monitor": WrongAnswer("my_rules = {'order': 'start-first', 'parallelism': 1, 'failure_action': 'rollback'}", "`monitor`"),
        "unknown-key": WrongAnswer(
            "my_rules = {'order': 'start-first', 'parallelism': 1, 'failure_action': 'rollback', 'monitor': 5 * 10**9, 'max': 1}", "`max`"
        ),
        "no-dictionary": WrongAnswer("my_rules = 'start-first'", "a dictionary"),
    },
)
def careful(my_rules: Any) -> None:
    """my_rules are the keywords of an UpdateConfig that loses nothing."""
    if not isinstance(my_rules, dict):
        raise Wrong(text("`my_rules` should be a dictionary, yours is a {kind}.", kind=type(my_rules).__name__))
    for key, (wanted, why) in RULES.items():
        if my_rules.get(key) != wanted:
            raise Wrong(text(why))
    if "monitor" not in my_rules:
        raise Wrong(text("Without `monitor` a new copy is hardly watched: give it 5 seconds, in nanoseconds."))
    if my_rules["monitor"] != 5 * SECOND:
        raise Wrong(text("`monitor` counts nanoseconds; 5 seconds are 5,000,000,000 of them."))
    more = set(my_rules) - {*RULES, "monitor"}
    if more:
        raise Wrong(text("`{key}` is not asked for here.", key=sorted(more)[0]))


@exercise(
    "grace",
    "my_grace",
    hints=(
        "A request can arrive in the last moment before the proxy notices. How long may that request take?",
        "Two times follow each other: the proxy's 2 seconds, then an answer of 120.",
    ),
    wrong={
        "the-default": WrongAnswer("my_grace = 10", "cut"),
        "only-the-answer": WrongAnswer("my_grace = 120", "last moment"),
        "too-long": WrongAnswer("my_grace = 600", "smallest"),
        "a-text": WrongAnswer("my_grace = '122s'", "a number"),
        "nanoseconds": WrongAnswer("my_grace = 122 * 10**9", "seconds here"),
    },
)
def grace(my_grace: Any) -> None:
    """my_grace is the smallest stop_grace_period, in seconds, that cuts no answer."""
    if isinstance(my_grace, bool) or not isinstance(my_grace, int | float):
        raise Wrong(text("`my_grace` should be a number, yours is a {kind}.", kind=type(my_grace).__name__))
    if my_grace > 10_000:
        raise Wrong(text("Count seconds here, not nanoseconds."))
    if my_grace < 120:
        raise Wrong(text("An answer of 120 seconds would be cut."))
    if my_grace < 122:
        raise Wrong(text("A request that comes in the last moment before the proxy notices would be cut."))
    if my_grace > 122:
        raise Wrong(text("That is enough, and not the smallest: each update waits for it when a copy hangs."))


_RATE = "def answers_per_second(copies, per_copy, servers, per_server):\n    {}"


@exercise(
    "rate",
    "answers_per_second",
    hints=(
        "All copies together pass on so many; all servers together write so many. Which of both does a user notice?",
        "`min(a, b)` is the smaller of two numbers.",
    ),
    wrong={
        "sum": WrongAnswer(_RATE.format("return copies * per_copy + servers * per_server"), "narrowest"),
        "copies-only": WrongAnswer(_RATE.format("return copies * per_copy"), "model server"),
        "one-server": WrongAnswer(_RATE.format("return min(copies * per_copy, per_server)"), "2 model servers"),
        "servers-only": WrongAnswer(_RATE.format("return servers * per_server"), "one slow copy"),
        "no-return": WrongAnswer(_RATE.format("rate = min(copies * per_copy, servers * per_server)"), "return"),
    },
)
def rate(answers_per_second: Callable[[int, float, int, float], Any]) -> None:
    """answers_per_second(copies, per_copy, servers, per_server) is the rate of the narrowest part."""
    got = answers_per_second(4, 50, 1, 10)
    if got is None:
        raise Wrong(text("The function gives back nothing. Does it `return` the number?"))
    if got == 200:
        raise Wrong(text("200 a second is what the copies could pass on; one model server writes 10."))
    if got != 10:
        raise Wrong(text("For the example it should be 10, that of the narrowest part; yours is {got}.", got=got))
    if answers_per_second(4, 50, 2, 10) != 20:
        raise Wrong(text("With 2 model servers behind it, the example gives 20."))
    if answers_per_second(1, 5, 2, 10) != 5:
        raise Wrong(text("When one slow copy is the door, it is the copy that counts: 1 of 5 before 2 of 10 is 5."))


KINDS = {
    "a named volume": "PersistentVolumeClaim",
    "a service without data": "Deployment",
    "a one-shot service": "Job",
    "depends_on": None,
    "build": None,
    "a password": "Secret",
}


def _kinds(**other: Any) -> str:
    named = {key.replace("_", " "): value for key, value in other.items()}
    return f"my_kinds = {KINDS | {'depends_on' if key == 'depends on' else key: value for key, value in named.items()}!r}"


@exercise(
    "mapping",
    "my_kinds",
    hints=(
        "The table above has them all. Two of the six have no counterpart.",
        "Data: a claim. A service without data: a Deployment. It runs once: a Job. Nothing orders the start, nothing builds.",
    ),
    wrong={
        "init-container": WrongAnswer(_kinds(depends_on="InitContainer"), "no counterpart"),
        "volume": WrongAnswer(_kinds(a_named_volume="Volume"), "claim"),
        "pod": WrongAnswer(_kinds(a_service_without_data="Service"), "only gives a name"),
        "configmap": WrongAnswer(_kinds(a_password="ConfigMap"), "everybody"),
        "deployment-for-a-job": WrongAnswer(_kinds(**{"a_one-shot_service": "Deployment"}), "again and again"),
        "one-missing": WrongAnswer("my_kinds = {'build': None}", "missing"),
        "no-dictionary": WrongAnswer("my_kinds = ['Job']", "a dictionary"),
    },
)
def mapping(my_kinds: Any) -> None:
    """my_kinds gives the kind of object in Kubernetes for each thing of Compose, or None."""
    if not isinstance(my_kinds, dict):
        raise Wrong(text("`my_kinds` should be a dictionary, yours is a {kind}.", kind=type(my_kinds).__name__))
    missing = [key for key in KINDS if key not in my_kinds]
    if missing:
        raise Wrong(text("`{key}` is missing.", key=missing[0]))
    for key, wanted in KINDS.items():
        if my_kinds[key] != wanted:
            raise Wrong(_why(key))


def _why(key: str) -> str:
    reasons: Mapping[str, str] = {
        "a named volume": "A pod asks for storage by a claim: `PersistentVolumeClaim`.",
        "a service without data": "What keeps copies running is a `Deployment`; a `Service` only gives a name to them.",
        "a one-shot service": "Only a `Job` may end; anything else would be started again and again.",
        "depends_on": "`depends_on` has no counterpart: an init container can stand in for it, and is no kind of object.",
        "build": "`build` has no counterpart: a cluster builds nothing.",
        "a password": "A `ConfigMap` is for what everybody may read; a password goes into a `Secret`.",
    }
    return text(reasons[key])


_DRILL = "def is_restored(before, after):\n    {}"


@exercise(
    "drill",
    "is_restored",
    hints=(
        "Two dictionaries are equal when they have the same keys with the same values.",
        "`before == after` compares all of it: ids, texts, vectors.",
    ),
    wrong={
        "count": WrongAnswer(_DRILL.format("return len(before) == len(after)"), "count"),
        "ids": WrongAnswer(_DRILL.format("return before.keys() == after.keys()"), "same ids"),
        "texts": WrongAnswer(_DRILL.format("return {k: v[0] for k, v in before.items()} == {k: v[0] for k, v in after.items()}"), "vector"),
        "nothing-missing": WrongAnswer(_DRILL.format("return before.items() <= after.items()"), "added"),
        "no-return": WrongAnswer(_DRILL.format("same = before == after"), "return"),
    },
)
def drill(is_restored: Callable[[Any, Any], Any]) -> None:
    """is_restored(before, after) is true when the restored records are those that were saved."""
    saved = {"1": ("one", (0.5, 0.5)), "2": ("two", (1.0, 0.0))}
    verdict = is_restored(saved, dict(reversed(saved.items())))
    if verdict is None:
        raise Wrong(text("The function gives back nothing. Does it `return` its verdict?"))
    if not verdict:
        raise Wrong(text("The same records in another order are the same: that should be true."))
    if is_restored(saved, {"1": saved["1"], "3": saved["2"]}):
        raise Wrong(text("A count is not enough: record 2 is missing, and 3 was never saved."))
    if is_restored(saved, {**saved, "2": ("else", (1.0, 0.0))}):
        raise Wrong(text("The same ids, and another text under one of them: that should be false."))
    if is_restored(saved, {**saved, "2": ("two", (0.0, 0.0))}):
        raise Wrong(text("Texts are the same, and one vector is lost: that should be false."))
    if is_restored(saved, {**saved, "3": ("three", (0.0, 1.0))}):
        raise Wrong(text("A record was added that nobody saved: that should be false."))
