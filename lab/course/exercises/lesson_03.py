"""The exercises of 03: checks that can work, numbers that fit, a job that gives up, start order, a patient client.

All but the last are judged by what the engine says about the learner's containers.
"""

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from math import ceil
from typing import Any

from lab.containers import health, wait_until
from lab.course import own_engine
from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.fake_ollama import away
from lab.course.scripted import STILL_AT_IT, outcome, serving
from lab.course.text import text
from lab.settings import get_settings

LESSON = "03"
WARM_UP = 4  # seconds that the lesson's store needs
GROWTH = 0.3  # seconds between first and last of five growing pauses, at least; a busy machine lengthens single ones by a tenth or two
# Stands for a container in the typical mistakes below: what the engine would tell about it, without an engine.
_FAKE = """
class Answer:
    exit_code = 0
class Fake:
    def __init__(self, test=None, health="healthy", said="", labels={"lab.lesson": "03"}, status="running", numbers={}, **more):
        self.labels, self.status = labels, status
        state = {"Health": {"Status": health, "Log": [{"ExitCode": -1, "Output": said}]}, "ExitCode": 1}
        self.attrs = {"Config": {"Healthcheck": {"Test": test or ["CMD", "true"], **numbers}}, "State": state, **more}
    def reload(self):
        pass
    def exec_run(self, command):
        return Answer
"""


def _looked_at(container: Any, name: str) -> Any:
    """The learner's container as the engine sees it now."""
    from docker.errors import NotFound

    if not hasattr(container, "attrs"):
        raise Wrong(text("`{name}` should be a container, yours is {got}.", name=name, got=repr(container)))
    try:
        container.reload()
    except NotFound:
        raise Wrong(text("That container is gone. Run the cell of the exercise again.")) from None
    if container.labels.get("lab.lesson") != LESSON:
        raise Wrong(text("Your container has no label of this lesson, so the clean-up would leave it: add `{label}`.", label="labels=ours"))
    return container


def _health_command(container: Any) -> list[str]:
    """The healthcheck as a command that can be run inside the container."""
    kind, *words = (container.attrs["Config"].get("Healthcheck") or {}).get("Test") or ["NONE"]
    if kind == "NONE":
        raise Wrong(text("Your container has no healthcheck: `healthcheck={example}`.", example='{"test": ["CMD", …]}'))
    missing = [word for word in ("curl", "wget", "python") if word in " ".join(words)]
    if missing:
        raise Wrong(text("The image has no `{program}`, so this check can never pass.", program=missing[0]))
    return words if kind == "CMD" else ["sh", "-c", *words]


def _require_healthy(container: Any) -> None:
    wait_until(lambda: health(container) != "starting", text("the health of your container"), seconds=90)
    if health(container) != "healthy":
        last = container.attrs["State"]["Health"]["Log"][-1]
        said = last["Output"].strip() or text("exit code {code}", code=last["ExitCode"])
        raise Wrong(text("The engine calls your container unhealthy. Its last check said: {said}", said=said))


@exercise(
    "chroma-check",
    "my_chroma",
    hints=(
        "Part 3 has the three pieces for Ollama: connect, ask, look for 200. Change the port and the path.",
        'The test is `["CMD", "bash", "-c", connect + request + is_200]`, with port 8000 and `/api/v2/heartbeat`.',
    ),
    wrong={
        "curl": WrongAnswer(_FAKE + "my_chroma = Fake(['CMD', 'curl', '-f', 'http://localhost:8000/api/v2/heartbeat'])", "no `curl`"),
        "old-path": WrongAnswer(_FAKE + "my_chroma = Fake(['CMD', 'bash', '-c', 'GET /api/v1/heartbeat'])", "410"),
        "port-only": WrongAnswer(
            _FAKE + "my_chroma = Fake(['CMD', 'bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/8000'])", "`/api/v2/heartbeat`"
        ),
        "any-answer": WrongAnswer(_FAKE + "my_chroma = Fake(['CMD-SHELL', 'GET /api/v2/heartbeat'])", "passes for that as well"),
        "plain-sh": WrongAnswer(
            _FAKE + "my_chroma = Fake(['CMD-SHELL', '/api/v2/heartbeat'], 'unhealthy', 'Directory nonexistent')", "Directory nonexistent"
        ),
        "no-label": WrongAnswer(_FAKE + "my_chroma = Fake(labels={})", "`labels=ours`"),
        "not-detached": WrongAnswer("my_chroma = b''", "should be a container"),
    },
)
def chroma_check(my_chroma: Any) -> None:
    """my_chroma is a Chroma container whose healthcheck passes for a 200 of the heartbeat and for nothing else."""
    path, old = "/api/v2/heartbeat", "/api/v1/heartbeat"
    command = _health_command(_looked_at(my_chroma, "my_chroma"))
    if old in " ".join(command):
        raise Wrong(text("Chroma answers `{path}` with 410: that version of the API is gone.", path=old))
    if path not in " ".join(command):
        raise Wrong(text("Your check does not ask for `{path}`.", path=path))
    _require_healthy(my_chroma)
    if my_chroma.exec_run([word.replace(path, old) for word in command]).exit_code == 0:
        raise Wrong(text("Asked for `{path}`, Chroma says 410, and your check passes for that as well. Look for 200.", path=old))


@exercise(
    "model-check",
    "my_server",
    hints=(
        "One of the five commands of part 2 failed because a model was missing.",
        'The test is `["CMD", "ollama", "show", settings.lesson_model]`.',
    ),
    wrong={
        "any-model": WrongAnswer(_FAKE + "my_server = Fake(['CMD', 'ollama', 'list'])", "does not name"),
        "always-green": WrongAnswer(_FAKE + "my_server = Fake(['CMD-SHELL', 'ollama show smollm2:135m || true'])", "passes for a model"),
        "no-volume": WrongAnswer(
            _FAKE + "my_server = Fake(['CMD', 'ollama', 'show', 'smollm2:135m'], 'unhealthy', 'not found')", "not found"
        ),
        "no-check": WrongAnswer(_FAKE + "my_server = Fake(['NONE'])", "no healthcheck"),
    },
)
def model_check(my_server: Any) -> None:
    """my_server is an Ollama container whose healthcheck passes when the lesson's model is there, and fails for another one."""
    model = get_settings().lesson_model
    command = _health_command(_looked_at(my_server, "my_server"))
    if model not in " ".join(command):
        raise Wrong(text("Your check does not name `{model}`, so it cannot know whether it is there.", model=model))
    _require_healthy(my_server)
    if my_server.exec_run([word.replace(model, "no-such-model") for word in command]).exit_code == 0:
        raise Wrong(text("Your check passes for a model that is not there."))


DEFAULTS = {"Interval": 30, "Timeout": 30, "Retries": 3, "StartPeriod": 0, "StartInterval": 5}  # seconds, when nothing is given


def _numbers(container: Any) -> tuple[float, float, int, float, float]:
    """Interval, timeout, retries, start period and start interval as the engine uses them, in seconds."""
    given = container.attrs["Config"]["Healthcheck"]
    taken = {name: given.get(name) or default * (1 if name == "Retries" else 10**9) for name, default in DEFAULTS.items()}
    interval, timeout, period, pause = (taken[name] / 1e9 for name in ("Interval", "Timeout", "StartPeriod", "StartInterval"))
    return interval, timeout, taken["Retries"], period, pause


@exercise(
    "numbers",
    "my_store",
    hints=(
        "A long `start_period` costs nothing, because the first success ends the waiting; a short `start_interval` notices that success.",
        'For later failures `retries * (interval + timeout)` must be 10 or less: 3 × (2 + 1), for example. Write times as `"2s"`.',
    ),
    wrong={
        "tutorial": WrongAnswer(
            _FAKE + "my_store = Fake(numbers={'Interval': 15 * 10**9, 'Timeout': 5 * 10**9, 'Retries': 3, 'StartPeriod': 30 * 10**9})",
            "5 seconds later",
        ),
        "no-start-period": WrongAnswer(
            _FAKE + "my_store = Fake(numbers={'Interval': 10**9, 'Timeout': 10**9, 'Retries': 3})", "after 3 seconds"
        ),
        "forgets-the-timeout": WrongAnswer(
            _FAKE + "my_store = Fake(numbers={'Interval': 2 * 10**9, 'Retries': 3, 'StartPeriod': 30 * 10**9, 'StartInterval': 10**9})",
            "96 seconds",
        ),
    },
)
def numbers(my_store: Any) -> None:
    """my_store is a store whose healthcheck forgives a slow start, notices its end soon, and a later failure within ten seconds."""
    interval, timeout, retries, period, pause = _numbers(_looked_at(my_store, "my_store"))
    early = ceil(period / pause) * pause + (retries - 1) * interval if period else retries * interval
    if early <= 2 * WARM_UP:
        raise Wrong(
            text("A start that takes {slow} seconds would be called unhealthy after {early:g} seconds.", slow=2 * WARM_UP, early=early)
        )
    look = pause if period > WARM_UP else interval
    if look > 1:
        raise Wrong(text("The store may work, and the next look comes up to {look:g} seconds later.", look=look))
    late = retries * (interval + timeout)
    if late > 10:
        raise Wrong(text("When the store hangs later, it takes up to {late:g} seconds until it is unhealthy.", late=late))
    _require_healthy(my_store)


@exercise(
    "gives-up",
    "my_job",
    hints=(
        "Among the restart policies, `on-failure` is the one that can count.",
        '`restart_policy={"Name": "on-failure", "MaximumRetryCount": 3}`.',
    ),
    wrong={
        "for-ever": WrongAnswer(_FAKE + "my_job = Fake(HostConfig={'RestartPolicy': {'Name': 'unless-stopped'}})", "without end"),
        "no-limit": WrongAnswer(
            _FAKE + "my_job = Fake(HostConfig={'RestartPolicy': {'Name': 'on-failure', 'MaximumRetryCount': 0}})", "without end"
        ),
        "never": WrongAnswer(_FAKE + "my_job = Fake(HostConfig={'RestartPolicy': {'Name': 'no'}})", "never restarted"),
        "five": WrongAnswer(
            _FAKE + "my_job = Fake(HostConfig={'RestartPolicy': {'Name': 'on-failure', 'MaximumRetryCount': 5}})", "5 times"
        ),
    },
)
def gives_up(my_job: Any) -> None:
    """my_job is a container that was restarted three times after failures, and is down now."""
    policy = _looked_at(my_job, "my_job").attrs["HostConfig"]["RestartPolicy"]
    name, most = policy.get("Name") or "no", policy.get("MaximumRetryCount", 0)
    if name == "no":
        raise Wrong(text("Your container is never restarted: it has no restart policy."))
    if name != "on-failure" or not most:
        raise Wrong(text("With the policy `{name}` and no limit it restarts without end.", name=name))
    if most != 3:
        raise Wrong(text("Yours is restarted up to {most} times.", most=most))
    wait_until(lambda: my_job.reload() or my_job.status == "exited", text("the end of your container"), seconds=60)
    if my_job.attrs["RestartCount"] != 3:
        raise Wrong(text("The engine restarted it {count} times: it did not fail.", count=my_job.attrs["RestartCount"]))


def _time(container: Any, moment: str) -> datetime:
    return datetime.fromisoformat(container.attrs["State"][moment])


@exercise(
    "start-order",
    "my_start",
    hints=(
        "The store has a healthcheck, and the job ends: each needs its own condition.",
        "`{store: {condition: service_healthy}, job: {condition: service_completed_successfully}}`, in quotes.",
    ),
    wrong={
        "nobody-waits-for-the-job": WrongAnswer("my_start = (1, 'container lesson-03-job-1 exited (0)')", "exited (0)"),
        "text-alone": WrongAnswer("my_start = '{store: {condition: service_healthy}}'", "what `up` returns"),
    },
)
def start_order(my_start: Any) -> None:
    """my_start is what `up` returned; the engine knows in which order the containers came and went."""
    if not isinstance(my_start, tuple) or len(my_start) != 2:
        raise Wrong(text("`my_start` should be what `up` returns, yours is {got}.", got=repr(my_start)))
    if my_start[0] != 0:
        raise Wrong(text("`docker compose up` ended with {code}: {said}", code=my_start[0], said=my_start[1]))
    store, job, api = (own_engine.container(f"lesson-{LESSON}-{service}-1") for service in ("store", "job", "api"))
    if job.status != "exited" or _time(job, "FinishedAt") > _time(api, "StartedAt"):
        raise Wrong(text("The api was started before the job had ended."))
    if (_time(api, "StartedAt") - _time(store, "StartedAt")).total_seconds() < WARM_UP:
        raise Wrong(text("The api was started before the store could work."))
    if api.status != "running":
        raise Wrong(text("The api is {status}. Read `docker logs {name}`.", status=api.status, name=api.name))


_CLIENT = "import httpx\nfrom time import monotonic, sleep\ndef patient(url, seconds):\n    end, pause = monotonic() + seconds, 0.1\n"
_ASK = "        status = httpx.get(url).status_code\n        if status != 503:\n            return status\n        sleep(pause)\n"
_ASK_SAFELY = (
    "        try:\n            status = httpx.get(url).status_code\n            if status {good}:\n                return status\n"
    "        except httpx.TransportError:\n            pass\n        sleep(pause)\n        pause *= 2\n"
)
_IN_TIME, _GIVE_UP = "    while monotonic() < end:\n", "    raise TimeoutError(url)"


@exercise(
    "patient",
    "patient",
    hints=(
        "Before each pause, ask whether it would end after the deadline: `monotonic() + pause > deadline`.",
        "Inside `while True`: try to get the status and return it unless it is 503; then the deadline; then sleep, and double the pause.",
    ),
    wrong={
        "asks-once": WrongAnswer(_CLIENT + "    return httpx.get(url).status_code", "503 five times"),
        "never-gives-up": WrongAnswer(_CLIENT + "    while True:\n" + _ASK_SAFELY.format(good="!= 503"), "never works"),
        "same-pause": WrongAnswer(_CLIENT + _IN_TIME + _ASK + _GIVE_UP, "do not grow"),
        "gives-up-in-silence": WrongAnswer(_CLIENT + _IN_TIME + _ASK + "        pause *= 2", "`TimeoutError`"),
        "dies-of-a-refusal": WrongAnswer(_CLIENT + _IN_TIME + _ASK + "        pause *= 2\n" + _GIVE_UP, "nobody listens"),
        "waits-for-200": WrongAnswer(_CLIENT + _IN_TIME + _ASK_SAFELY.format(good="== 200") + _GIVE_UP, "404"),
    },
)
def patient(patient: Callable[[str, float], Any]) -> None:
    """patient(url, seconds) gives the first status that is not 503, with growing pauses, or raises TimeoutError."""
    with serving(*[503] * 5, 200) as server:
        got = outcome(lambda: patient(server.url, 30), limit=40)
        if got != 200:
            raise Wrong(text("A server said 503 five times and then 200; yours gave {got}.", got=repr(got)))
        pauses = [later - earlier for earlier, later in pairwise(server.asked)]
    if pauses[-1] - pauses[0] < GROWTH:
        raise Wrong(text("The pauses do not grow: {pauses} seconds.", pauses=[round(pause, 2) for pause in pauses]))
    with serving(404) as server:
        got = outcome(lambda: patient(server.url, 1), limit=20)
        if got != 404:
            raise Wrong(text("A server said 404, which waiting does not change; yours gave {got} instead of 404.", got=repr(got)))
    with serving(503) as server:
        got = outcome(lambda: patient(server.url, 1), limit=5)
        if got is STILL_AT_IT:
            server.release()
        _require_timeout(got, text("A server never works"))
    _require_timeout(outcome(lambda: patient(away(), 0.5), limit=5), text("At an address where nobody listens"))


def _require_timeout(got: Any, case: str) -> None:
    if not isinstance(got, TimeoutError):
        raise Wrong(text("{case}: after the deadline yours should raise `TimeoutError`, it gave {got}.", case=case, got=repr(got)))
