"""The exercise of 04, Compose stack, about Kubernetes: a probe made of a healthcheck."""

from collections.abc import Callable, Mapping
from typing import Any

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.text import text

_PROBE = """
def probe(healthcheck):
    kind, *command = healthcheck['test']
    {}
    return {{'exec': {{'command': command}}, 'periodSeconds': {}, 'timeoutSeconds': {}, 'failureThreshold': healthcheck['retries']}}
"""


def _probe(
    shell: str = "command = ['/bin/sh', '-c', *command] if kind == 'CMD-SHELL' else command",
    period: str = "int(healthcheck['interval'][:-1])",
    timeout: str = "int(healthcheck['timeout'][:-1])",
) -> str:
    return _PROBE.format(shell, period, timeout)


@exercise(
    "probe",
    "probe",
    hints=(
        "The first word of `test` says how to run the rest: `CMD` as it is, `CMD-SHELL` by a shell.",
        "`int('10s'.removesuffix('s'))` is 10. `kind, *command = healthcheck[\"test\"]` splits off the first word.",
    ),
    wrong={
        "cmd-left-in": WrongAnswer(_probe(shell="command = healthcheck['test']"), "`CMD`"),
        "no-shell": WrongAnswer(_probe(shell=""), "shell"),
        "text-for-seconds": WrongAnswer(_probe(period="healthcheck['interval']"), "a number"),
        "swapped": WrongAnswer(_probe("command", "int(healthcheck['timeout'][:-1])", "int(healthcheck['interval'][:-1])"), "periodSeconds"),
        "constant": WrongAnswer(_probe(period="10"), "other values"),
        "no-return": WrongAnswer("def probe(healthcheck):\n    made = {'exec': {}}", "return"),
    },
)
def probe(probe: Callable[[Mapping[str, Any]], Any]) -> None:
    """probe(healthcheck) is the Kubernetes probe of a Compose healthcheck."""
    check = {"test": ["CMD", "ollama", "list"], "interval": "10s", "timeout": "5s", "retries": 3}
    got = probe(check)
    if not isinstance(got, dict):
        raise Wrong(text("`probe` should give back a dictionary. Does the function `return` it?"))
    command = (got.get("exec") or {}).get("command")
    if command == check["test"]:
        raise Wrong(text("`CMD` is Compose's word and no program: leave it out of the command."))
    _same("exec", got, {"command": ["ollama", "list"]})
    for key, wanted in (("periodSeconds", 10), ("timeoutSeconds", 5), ("failureThreshold", 3)):
        _same(key, got, wanted)
    other = probe({"test": ["CMD-SHELL", "ollama list | grep -q m"], "interval": "7s", "timeout": "2s", "retries": 9})
    if other.get("exec") != {"command": ["/bin/sh", "-c", "ollama list | grep -q m"]}:
        raise Wrong(text("After `CMD-SHELL` comes one text for a shell: `/bin/sh`, `-c`, and the text."))
    if [other.get(key) for key in ("periodSeconds", "timeoutSeconds", "failureThreshold")] != [7, 2, 9]:
        raise Wrong(text("It is right for the example, but not for other values."))


def _same(key: str, got: Mapping[str, Any], wanted: Any) -> None:
    if key not in got:
        raise Wrong(text("The key `{key}` is missing.", key=key))
    if isinstance(got[key], str):
        raise Wrong(text("`{key}` should be a number, yours is the text {got}.", key=key, got=repr(got[key])))
    if got[key] != wanted:
        raise Wrong(text("`{key}` should be {wanted}, yours is {got}.", key=key, wanted=wanted, got=got[key]))
