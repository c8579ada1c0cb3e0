"""The exercises of 01, containerize an LLM API: each looks at what the learner's own engine holds.

What can be judged from the answer alone is judged first, so a typical mistake is told without an engine.
"""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.containers import address, labels, wait_until
from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.fake_ollama import away, fake_ollama
from lab.course.own_engine import become_healthy, container, files_of, get_json, image
from lab.course.text import text
from lab.errors import EngineError
from lab.settings import get_settings

PORT, STORE, VOLUME = "11434/tcp", "/root/.ollama", "lesson-01-models"
PATIENCE = 30  # seconds for a container to answer


def _server(
    host: str = "127.0.0.1", port: str = "", store: str = STORE, label: str = "01", status: str = "running", volume: str = VOLUME
) -> str:
    """Code that makes what looks like a container with these flags."""
    mounts = [{"Type": "volume", "Name": volume, "Destination": store}] if store else []
    bindings = {PORT: [{"HostIp": host, "HostPort": port}]} if host else {}
    attrs = {"HostConfig": {"PortBindings": bindings}, "Mounts": mounts, "State": {"ExitCode": 1}}
    made = f"reload=lambda: None, name='mine', status={status!r}, labels={{'lab.lesson': {label!r}}}, attrs={attrs!r}"
    return f"from types import SimpleNamespace as Made\nmy_server = Made({made})"


@exercise(
    "closed-server",
    "my_server",
    hints=(
        "Compare with the cells above: which port binding closes the server, where does Ollama keep its models, and who adds `ollama`?",
        'No command at all, `ports={"11434/tcp": ("127.0.0.1", None)}`, the volume bound to `/root/.ollama`. Keep `detach` and `labels`.',
    ),
    wrong={
        "not-detached": WrongAnswer("my_server = b'Listening on 0.0.0.0:11434'", "detach=True"),
        "command-twice": WrongAnswer(_server(status="exited"), "exit code 1"),
        "no-label": WrongAnswer(_server(label=""), "label"),
        "not-published": WrongAnswer(_server(host=""), "not published"),
        "all-interfaces": WrongAnswer(_server(host="0.0.0.0"), "every interface"),
        "fixed-port": WrongAnswer(_server(port="11434"), "let Docker choose"),
        "no-volume": WrongAnswer(_server(store=""), "no volume"),
        "wrong-folder": WrongAnswer(_server(store="/models"), "/models"),
        "another-volume": WrongAnswer(_server(volume="ollama"), "lesson-01-models"),
    },
)
def closed_server(my_server: Any) -> None:
    """my_server is a container that is closed to the outside and keeps its models."""
    if not hasattr(my_server, "attrs"):
        raise Wrong(text("`my_server` should be a container. `client.containers.run` returns one with `detach=True`."))
    my_server.reload()
    if my_server.status != "running":
        code = my_server.attrs["State"]["ExitCode"]
        raise Wrong(text("Your container is {status}, exit code {code}. Read its log.", status=my_server.status, code=code))
    if labels("01").items() - my_server.labels.items():
        raise Wrong(text('Your container has no label of this lesson: `labels=labels("01")`.'))
    _judge_port(my_server.attrs["HostConfig"]["PortBindings"] or {})
    _judge_store(my_server.attrs["Mounts"])
    _judge_answer(my_server)


def _judge_port(bindings: dict[str, Any]) -> None:
    if not bindings.get(PORT):
        raise Wrong(text("Port 11434 of your container is not published."))
    binding = bindings[PORT][0]
    if binding["HostIp"] in ("", "0.0.0.0", "::"):
        raise Wrong(text("Your port is published on every interface, so others reach it."))
    if binding["HostIp"] != "127.0.0.1":
        raise Wrong(text("Your port is published on {host}, which is not loopback.", host=binding["HostIp"]))
    if binding["HostPort"] not in ("", "0"):
        raise Wrong(text("Your port is fixed at {port}: let Docker choose it, with `None`.", port=binding["HostPort"]))


def _judge_store(mounts: list[dict[str, Any]]) -> None:
    if not mounts:
        raise Wrong(text("Your container has no volume, so its models go with it."))
    if mounts[0]["Destination"].rstrip("/") != STORE:
        raise Wrong(text("Your volume is at {folder}, where Ollama keeps nothing.", folder=mounts[0]["Destination"]))
    if mounts[0].get("Name") != VOLUME:
        raise Wrong(text("The task asks for the volume {volume}, which has the model.", volume=VOLUME))


def _judge_answer(server: Any) -> None:
    """It may have ended since, and a volume may be empty."""
    model = get_settings().lesson_model
    stored = wait_until(lambda: get_json(f"{address(server, PORT)}/api/tags"), text("your server's answer"), PATIENCE)["models"]
    if model not in [one["name"] for one in stored]:
        raise Wrong(text("Your server runs and does not have {model}. Pull it into the volume.", model=model))


@exercise(
    "unload",
    "my_request",
    hints=(
        "Which setting of a request says how long the model stays in memory after it?",
        "`keep_alive` 0 is at once. Without a `prompt` the server writes nothing.",
    ),
    wrong={
        "words-only": WrongAnswer("my_request = 'keep_alive=0'", "a dict"),
        "no-model": WrongAnswer("my_request = {'keep_alive': 0}", "which model"),
        "asks-for-text": WrongAnswer("my_request = {'model': 'smollm2:135m', 'prompt': 'Hi', 'keep_alive': 0}", "asks for text"),
        "for-ever": WrongAnswer("my_request = {'model': 'smollm2:135m', 'keep_alive': -1}", "for ever"),
        "five-minutes": WrongAnswer("my_request = {'model': 'smollm2:135m'}", "five minutes"),
        "later": WrongAnswer("my_request = {'model': 'smollm2:135m', 'keep_alive': '10s'}", "10s"),
    },
)
def unload(my_request: Any) -> None:
    """my_request unloads the model, and has done so."""
    if not isinstance(my_request, dict):
        raise Wrong(text("The body of a request is a dict, like the one in `ask`."))
    if not my_request.get("model"):
        raise Wrong(text('Your request does not say which model: `"model": model`.'))
    if my_request.get("prompt"):
        raise Wrong(text("Your request asks for text first. Leave `prompt` out."))
    _judge_keep_alive(my_request.get("keep_alive"))
    url = address(container("lesson-01-server"), PORT)
    try:
        wait_until(lambda: not get_json(f"{url}/api/ps")["models"], "an empty memory", seconds=5)
    except EngineError:
        raise Wrong(text("The request is right, but the model is still in memory. Was it sent?")) from None


def _judge_keep_alive(value: Any) -> None:
    if value is None:
        raise Wrong(text("Without `keep_alive` the model stays for five minutes."))
    if str(value).startswith("-"):
        raise Wrong(text("A negative `keep_alive` means for ever."))
    if not re.fullmatch(r"0+(\.0+)?[a-z]*", str(value)):
        raise Wrong(text("With `keep_alive` {value} the model stays that long. Now is 0.", value=value))


_READY = "import httpx\ndef is_ready(url, model):\n    "
_SAFE = "import httpx\ndef is_ready(url, model):\n    try:\n        {}\n    except httpx.HTTPError:\n        return False"


@exercise(
    "is-ready",
    "is_ready",
    hints=(
        "Two questions: is the model's name in `/api/tags`, and does `/api/generate` with `num_predict` 1 succeed?",
        "Put both calls into one `try`, with `except httpx.HTTPError: return False`; `reply.is_success` tells about the second.",
    ),
    wrong={
        "raises": WrongAnswer(_READY + "return model in httpx.get(f'{url}/api/tags').text", "no answer"),
        "alive-only": WrongAnswer(_SAFE.format("return httpx.get(url).is_success"), "has no model"),
        "any-model": WrongAnswer(_SAFE.format("return bool(httpx.get(f'{url}/api/tags').json()['models'])"), "another model"),
        "listed-only": WrongAnswer(_SAFE.format("return model in httpx.get(f'{url}/api/tags').text"), "cannot write"),
        "no-return": WrongAnswer(_SAFE.format("httpx.get(url)"), "True or False"),
        "never": WrongAnswer(_READY + "return False", "is well"),
    },
)
def is_ready(is_ready: Callable[[str, str], Any]) -> None:
    """is_ready(url, model) is True only for a server that writes with this model."""
    model = get_settings().lesson_model
    _judge_away(is_ready, model)
    for stored, works, wanted, kind in (
        ([], False, False, text("that is alive and has no model")),
        (["other:1b"], False, False, text("that has another model")),
        ([model], False, False, text("that lists the model and cannot write with it")),
        ([model], True, True, text("that is well")),
    ):
        with fake_ollama(stored, works) as url:
            _judge_ready(is_ready(url, model), wanted, kind)
    for name, wanted in (("lesson-01-empty", False), ("lesson-01-server", True)):
        _judge_ready(is_ready(address(container(name), PORT), model), wanted, text("in your container {name}", name=name))


def _judge_away(is_ready: Callable[[str, str], Any], model: str) -> None:
    try:
        _judge_ready(is_ready(away(), model), False, text("that gives no answer"))
    except Wrong:
        raise
    except Exception as error:  # whichever client they use, its errors are its own
        raise Wrong(text("For a server that gives no answer yours raised {error}. Return False.", error=type(error).__name__)) from None


def _judge_ready(got: Any, wanted: bool, kind: str) -> None:
    if not isinstance(got, bool):
        raise Wrong(text("It should give True or False, yours gave {got} for a server {kind}.", got=repr(got), kind=kind))
    if got != wanted:
        raise Wrong(text("For a server {kind} it should be {wanted}, yours gave {got}.", kind=kind, wanted=wanted, got=got))


WANTED = {"app.py", "requirements.txt"}
TODAY = (".env", "__pycache__/app.cpython-313.pyc")
TOMORROW = ("notes.txt", "keys/id")


@exercise(
    "context",
    "my_ignore",
    hints=(
        "Naming what to leave out misses tomorrow's file. Leave out everything first.",
        "The first line is `*`. Then two lines that begin with `!`, one for each file that is wanted.",
    ),
    wrong={
        "only-the-secret": WrongAnswer("my_ignore = '.env\\n'", "__pycache__"),
        "only-todays-files": WrongAnswer("my_ignore = '.env\\n__pycache__\\n'", "tomorrow"),
        "everything": WrongAnswer("my_ignore = '*\\n'", "app.py"),
        "exceptions-first": WrongAnswer("my_ignore = '!app.py\\n!requirements.txt\\n*\\n'", "app.py"),
        "a-list": WrongAnswer("my_ignore = ['*', '!app.py']", "a text"),
        "all-python": WrongAnswer("my_ignore = '*\\n!*.py\\n'", "requirements.txt"),
    },
)
def context(my_ignore: Any) -> None:
    """my_ignore lets app.py and requirements.txt through, and the image holds just them."""
    if not isinstance(my_ignore, str):
        raise Wrong(text("`.dockerignore` is a text of lines, yours is {kind}.", kind=type(my_ignore).__name__))
    kept = _kept(my_ignore)
    if missing := sorted(WANTED - kept):
        raise Wrong(text("With your lines {file} does not reach the engine. The last line that fits decides.", file=missing[0]))
    if sent := [path for path in TODAY if path in kept]:
        raise Wrong(text("With your lines {path} still reaches the engine.", path=sent[0]))
    if sent := [path for path in TOMORROW if path in kept]:
        raise Wrong(text("Somebody adds {path} tomorrow, and with your lines it reaches the engine.", path=sent[0]))
    found = files_of("lesson-01-context", "/app")
    if found != WANTED:
        raise Wrong(text("The lines are right, but your image holds {files}. Build it again.", files=", ".join(sorted(found))))


def _kept(ignore: str) -> set[str]:
    """What Docker's own rules would send of a folder with wanted and unwanted files."""
    from docker.utils import exclude_paths

    lines = [line.strip() for line in ignore.splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        for path in (*WANTED, *TODAY, *TOMORROW):
            (Path(folder) / path).parent.mkdir(exist_ok=True)
            (Path(folder) / path).touch()
        return set(exclude_paths(folder, [line for line in lines if line and line[0] != "#"]))


_PROBE = """HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health')"]\\n"""
_SERVE = """CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8000"]\\n"""


@exercise(
    "small-image",
    "my_lines",
    hints=(
        "Three instructions: `USER`, `HEALTHCHECK CMD …` and `CMD …`. Debian has a user `nobody`.",
        "Python's `urllib.request.urlopen` raises for an address that does not answer, and then `python -c` ends with exit code 1.",
    ),
    wrong={
        "still-root": WrongAnswer(f"my_lines = '''{_PROBE}{_SERVE}'''", "still root"),
        "root-by-name": WrongAnswer(f"my_lines = '''USER root\n{_PROBE}{_SERVE}'''", "still root"),
        "no-check": WrongAnswer(f"my_lines = '''USER nobody\n{_SERVE}'''", "no HEALTHCHECK"),
        "check-switched-off": WrongAnswer(f"my_lines = '''USER nobody\nHEALTHCHECK NONE\n{_SERVE}'''", "no HEALTHCHECK"),
        "curl": WrongAnswer(f"my_lines = '''USER nobody\nHEALTHCHECK CMD curl -f http://127.0.0.1:8000/health\n{_SERVE}'''", "no curl"),
        "no-command": WrongAnswer(f"my_lines = '''USER nobody\n{_PROBE}'''", "no CMD"),
        "a-list": WrongAnswer("my_lines = ['USER nobody']", "a text"),
    },
)
def small_image(my_lines: Any) -> None:
    """my_lines end a Dockerfile with a user, a health check and a command, and the built image becomes healthy."""
    if not isinstance(my_lines, str):
        raise Wrong(text("The lines of a Dockerfile are a text, yours is {kind}.", kind=type(my_lines).__name__))
    users = re.findall(r"^USER\s+(\S+)", my_lines, re.MULTILINE | re.IGNORECASE)
    if not users or users[-1].partition(":")[0] in ("root", "0"):
        raise Wrong(text("The user is still root: `USER` with another name."))
    if not re.search(r"^HEALTHCHECK\s+(?!NONE)", my_lines, re.MULTILINE | re.IGNORECASE):
        raise Wrong(text("There is no HEALTHCHECK, so Docker would not notice a program that hangs."))
    if re.search(r"\b(curl|wget)\b", my_lines):
        raise Wrong(text("The image has no curl and no wget: this check would always fail. Use Python."))
    if not re.search(r"^(CMD|ENTRYPOINT)\b", my_lines, re.MULTILINE):
        raise Wrong(text("There is no CMD, so the container would start Python and end."))
    config = image("lesson-01-mine").attrs["Config"]
    if config["User"] in ("", "root", "0") or not config.get("Healthcheck"):
        raise Wrong(text("The lines are right, but the image lesson-01-mine is older than they are. Build it again."))
    become_healthy("lesson-01-mine", "01")
