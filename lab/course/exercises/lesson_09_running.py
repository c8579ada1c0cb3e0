"""Further exercises of 09: an alert, and what happened to one request."""

import json
from collections.abc import Callable
from typing import Any

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.text import text

_RULE = "my_rule = '''\n{}'''"


@exercise(
    "alert",
    "my_rule",
    hints=(
        '`up` is 1 after a successful scrape and 0 after a failed one: `expr: up{job="api"} == 0`.',
        "`for: 1m` waits a minute; `labels` and `annotations` are dictionaries beside `alert:`.",
    ),
    wrong={
        "no-for": WrongAnswer(
            _RULE.format('alert: ApiAway\nexpr: up{job="api"} == 0\nlabels: {severity: critical}\nannotations: {summary: Away.}\n'), "`for`"
        ),
        "no-unit": WrongAnswer(
            _RULE.format(
                'alert: ApiAway\nexpr: up{job="api"} == 0\nfor: 60\nlabels: {severity: critical}\nannotations: {summary: Away.}\n'
            ),
            "a minute",
        ),
        "harmless": WrongAnswer(
            _RULE.format('alert: ApiAway\nexpr: up{job="api"} == 0\nfor: 1m\nlabels: {severity: info}\nannotations: {summary: Away.}\n'),
            "how bad",
        ),
        "no-compare": WrongAnswer(
            _RULE.format('alert: ApiAway\nexpr: up{job="api"}\nfor: 1m\nlabels: {severity: critical}\nannotations: {summary: Away.}\n'),
            "== 0",
        ),
        "every-job": WrongAnswer(
            _RULE.format("alert: ApiAway\nexpr: up == 0\nfor: 1m\nlabels: {severity: critical}\nannotations: {summary: Away.}\n"), "job"
        ),
        "no-summary": WrongAnswer(
            _RULE.format('alert: ApiAway\nexpr: up{job="api"} == 0\nfor: 1m\nlabels: {severity: critical}\n'), "summary"
        ),
        "no-yaml": WrongAnswer("my_rule = 'alert: a: b'", "YAML"),
    },
)
def alert(my_rule: str) -> None:
    """my_rule is an alert that fires when the API has not been read for a while."""
    import yaml  # type: ignore[import-untyped]

    try:
        rule = yaml.safe_load(my_rule)
    except yaml.YAMLError as error:
        raise Wrong(text("That is no YAML: {error}", error=str(error).splitlines()[0])) from None
    rule = rule[0] if isinstance(rule, list) and rule else rule
    if not isinstance(rule, dict) or not rule.get("alert"):
        raise Wrong(text("A rule needs a name: `alert: ApiAway`."))
    expression = str(rule.get("expr", "")).replace(" ", "").replace("'", '"')
    if "==0" not in expression and "<1" not in expression:
        raise Wrong(text("`up` is 0 after a failed scrape: the expression should say `== 0`. Yours is {got}.", got=repr(rule.get("expr"))))
    if 'up{job="api"}' not in expression:
        raise Wrong(text('Choose the API with `up{{job="api"}}`: a worker that is away is another alert. The label is called job.'))
    if str(rule.get("for", "")) not in ("1m", "60s"):
        raise Wrong(
            text("Without `for`, one late answer wakes somebody: `for: 1m` waits a minute. Yours is {got}.", got=repr(rule.get("for")))
        )
    if (rule.get("labels") or {}).get("severity") != "critical":
        raise Wrong(text("Say how bad it is: `labels: {{severity: critical}}`."))
    if not (rule.get("annotations") or {}).get("summary"):
        raise Wrong(text("Whoever is woken reads a sentence: `annotations: {{summary: ...}}`."))


_STORY = "import json\ndef story(lines, id):\n    {}"


@exercise(
    "story",
    "story",
    hints=(
        "`json.loads(line)` gives a dictionary; `.get('request_id')` is None where a line has no id.",
        "Sort by the time: `sorted(found, key=lambda one: one['time'])`. Lines that are no JSON are left out.",
    ),
    wrong={
        "unsorted": WrongAnswer(
            _STORY.format(
                "found = []\n    for line in lines:\n        try:\n            one = json.loads(line)\n"
                "        except ValueError:\n            continue\n"
                "        if one.get('request_id') == id:\n            found.append(one['event'])\n    return found"
            ),
            "order of time",
        ),
        "in-text": WrongAnswer(
            _STORY.format(
                "found = [json.loads(line) for line in lines if id in line]\n"
                "    return [one['event'] for one in sorted(found, key=lambda one: one['time'])]"
            ),
            "another request",
        ),
        "no-text": WrongAnswer(
            _STORY.format(
                "found = [json.loads(line) for line in lines]\n"
                "    return [o['event'] for o in sorted(found, key=lambda o: o['time']) if o.get('request_id') == id]"
            ),
            "JSONDecodeError",
        ),
    },
)
def story(story: Callable[[list[str], str], Any]) -> None:
    """story(lines, id) is what happened to one request, in the order of time."""
    lines = [
        json.dumps({"time": "2026-01-01T10:00:03Z", "event": "answered", "request_id": "a1"}),
        json.dumps({"time": "2026-01-01T10:00:01Z", "event": "asked", "request_id": "a1"}),
        "a line of a library that writes no JSON",
        json.dumps({"time": "2026-01-01T10:00:02Z", "event": "the same as a1", "request_id": "b2", "like": "a1"}),
        json.dumps({"time": "2026-01-01T10:00:02Z", "event": "model called", "request_id": "a1"}),
        json.dumps({"time": "2026-01-01T10:00:00Z", "event": "started"}),
    ]
    got = story(lines, "a1")
    if not isinstance(got, list):
        raise Wrong(text("`story` should return a list of events, yours gave {got}.", got=repr(got)))
    if "the same as a1" in got:
        raise Wrong(text("One event belongs to another request, which only mentions the id: compare the field `request_id`."))
    wanted = ["asked", "model called", "answered"]
    if sorted(map(str, got)) == sorted(wanted) and got != wanted:
        raise Wrong(text("These are the right events; put them into the order of time."))
    if got != wanted:
        raise Wrong(text("Of request a1 these should be told: {wanted}. Yours told {got}.", wanted=wanted, got=repr(got)))
