"""The exercises of 04, Compose stack: a mount, a port, networks, one model name, a profile.

All look at the lesson's containers: a right text that nobody applied has changed nothing.
The text is judged first, so that a typical mistake is told in its own words.
"""

import re
from collections.abc import Mapping
from typing import Any

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.own_project import environment, inspect, not_applied, read_service
from lab.course.text import text

PROJECT = "lesson04"
LOOPBACK = ("127.0.0.1", "::1")


@exercise(
    "mount",
    "my_mount",
    hints=(
        "A named volume is written as `NAME:PATH`. The name stays; where does `docker diff` say that Chroma wrote?",
        "Chroma 1.x writes to `/data`, so it is `vectors04:/data`.",
    ),
    wrong={
        "old-path": WrongAnswer("my_mount = 'vectors04:/chroma/chroma'", "before version 1"),
        "a-folder": WrongAnswer("my_mount = './data:/data'", "folder"),
        "anonymous": WrongAnswer("my_mount = '/data'", "without a name"),
        "relative": WrongAnswer("my_mount = 'vectors04:data'", "begins with `/`"),
        "another-volume": WrongAnswer("my_mount = 'chroma:/data'", "not declared"),
        "the-file": WrongAnswer("my_mount = 'vectors04:/data/chroma.sqlite3'", "whole folder"),
        "a-list": WrongAnswer("my_mount = ['vectors04:/data']", "one text"),
    },
)
def mount(my_mount: Any) -> None:
    """my_mount is the line that puts the volume where Chroma writes."""
    if not isinstance(my_mount, str):
        raise Wrong(text("`my_mount` should be one text in quotation marks, yours is a {kind}.", kind=type(my_mount).__name__))
    _judge_mount(*my_mount.strip().partition(":")[::2])
    mounted = {one["Destination"]: one.get("Name") for one in inspect(PROJECT, "chroma")["Mounts"]}
    if mounted.get("/data") != f"{PROJECT}_vectors04":
        raise not_applied("chroma")


def _judge_mount(name: str, path: str) -> None:
    path = path.removesuffix(":rw")
    if not path:
        raise Wrong(text("That is a volume without a name: a new container gets a new one. Write `NAME:PATH`."))
    if name[:1] in "./~":
        raise Wrong(text("`{name}` is a folder of the host, a bind mount. Use the volume `vectors04`.", name=name))
    if name != "vectors04":
        raise Wrong(text("The volume `{name}` is not declared in the file's first piece; `vectors04` is.", name=name))
    if path.rstrip("/") == "/chroma/chroma":
        raise Wrong(text("Chroma wrote to that path before version 1. Where does it write now?"))
    if path.startswith("/data/") and path != "/data/":
        raise Wrong(text("Mount the whole folder that the file lies in."))
    if not path.startswith("/"):
        raise Wrong(text("A path inside a container begins with `/`."))
    if path.rstrip("/") != "/data":
        raise Wrong(text("Chroma does not write to `{path}`: look at the output of `docker diff` once more.", path=path))


@exercise(
    "ports",
    "my_ports",
    hints=(
        "A published port has three parts: `ADDRESS:HOST_PORT:PORT`. Which address is only this machine?",
        'An empty second part lets the engine choose: `["127.0.0.1::8000"]`.',
    ),
    wrong={
        "as-before": WrongAnswer("my_ports = ['8000']", "all addresses"),
        "both-ports": WrongAnswer("my_ports = ['8000:8000']", "all addresses"),
        "all-in-words": WrongAnswer("my_ports = ['0.0.0.0::8000']", "all addresses"),
        "two-parts": WrongAnswer("my_ports = ['127.0.0.1:8000']", "three parts"),
        "fixed": WrongAnswer("my_ports = ['127.0.0.1:8000:8000']", "let the engine choose"),
        "other-port": WrongAnswer("my_ports = ['127.0.0.1::8001']", "listens on 8000"),
        "no-list": WrongAnswer("my_ports = '127.0.0.1::8000'", "a list"),
        "none": WrongAnswer("my_ports = []", "programs on this machine"),
    },
)
def ports(my_ports: Any) -> None:
    """my_ports publishes Chroma's port 8000 on this machine only."""
    if not isinstance(my_ports, list):
        raise Wrong(text("`my_ports` should be a list, with square brackets; yours is a {kind}.", kind=type(my_ports).__name__))
    if not my_ports:
        raise Wrong(text("That closes the port for everybody. Here programs on this machine should still reach it."))
    for one in my_ports:
        _judge_port(str(one))
    published = inspect(PROJECT, "chroma")["NetworkSettings"]["Ports"].get("8000/tcp") or []
    if not published or any(one["HostIp"] not in LOOPBACK for one in published):
        raise not_applied("chroma")


def _judge_port(line: str) -> None:
    host, chosen, inside = ["", "", *line.rsplit(":", 2)][-3:]
    if chosen in LOOPBACK:
        raise Wrong(text("`{line}` has two parts. It takes three parts: address, host port (may be empty), port inside.", line=line))
    if host.strip("[]") not in LOOPBACK:
        raise Wrong(text("`{line}` listens on all addresses of this machine. Put `127.0.0.1` in front.", line=line))
    if inside.removesuffix("/tcp") != "8000":
        raise Wrong(text("In its container Chroma listens on 8000: that is the last part."))
    if chosen:
        raise Wrong(
            text("Port {chosen} may be taken on this machine: let the engine choose, with nothing between the colons.", chosen=chosen)
        )


@exercise(
    "hidden",
    "my_networks",
    hints=(
        "Two services talk when they share a network. Who has to talk to whom, and who must not?",
        "Chroma is in `back` only. The API needs both: `default` for Ollama and `back` for Chroma.",
    ),
    wrong={
        "chroma-in-both": WrongAnswer("my_networks = {'chroma': ['default', 'back'], 'api': ['default', 'back']}", "still in `default`"),
        "api-behind": WrongAnswer("my_networks = {'chroma': ['back'], 'api': ['back']}", "reaches Ollama"),
        "api-in-front": WrongAnswer("my_networks = {'chroma': ['back'], 'api': ['default']}", "reaches Chroma"),
        "unknown": WrongAnswer("my_networks = {'chroma': ['front'], 'api': ['default', 'front']}", "not declared"),
        "api-forgotten": WrongAnswer("my_networks = {'chroma': ['back']}", "`api`"),
        "no-dictionary": WrongAnswer("my_networks = ['back']", "dictionary"),
        "no-lists": WrongAnswer("my_networks = {'chroma': 'back', 'api': 'back'}", "a list"),
    },
)
def hidden(my_networks: Any) -> None:
    """my_networks puts chroma behind the API."""
    if not isinstance(my_networks, dict):
        raise Wrong(text("`my_networks` should be a dictionary with the keys `chroma` and `api`."))
    chroma, api = (_networks_of(my_networks, name) for name in ("chroma", "api"))
    if "default" in chroma:
        raise Wrong(text("Chroma is still in `default`, where everybody reaches it."))
    if not chroma & api:
        raise Wrong(text("Nobody reaches Chroma: it shares no network with the API."))
    if "default" not in api:
        raise Wrong(text("The API no longer reaches Ollama, which is in `default`."))
    for service, wanted in (("chroma", chroma), ("api", api)):
        if set(inspect(PROJECT, service)["NetworkSettings"]["Networks"]) != {f"{PROJECT}_{name}" for name in wanted}:
            raise not_applied(service)


def _networks_of(networks: Mapping[str, Any], service: str) -> set[str]:
    if service not in networks:
        raise Wrong(text("The key `{service}` is missing.", service=service))
    names = networks[service]
    if not isinstance(names, list | tuple):
        raise Wrong(text("The networks of `{service}` should be a list, also when it is only one.", service=service))
    for name in names:
        if name not in ("default", "back"):
            raise Wrong(text("The network `{name}` is not declared in the file's first piece; `back` is.", name=name))
    return set(names)


@exercise(
    "one-model",
    "my_model",
    hints=(
        "Compose fills in what stands between `${` and `}`. After `:-` comes the value for a variable that is not set.",
        "With a variable PORT and 80 as its default it would be `${PORT:-80}`.",
    ),
    wrong={
        "the-name-again": WrongAnswer("my_model = 'smollm2:135m'", "no variable"),
        "no-default": WrongAnswer("my_model = '${CHAT_MODEL}'", "not set"),
        "no-braces": WrongAnswer("my_model = '$CHAT_MODEL:-smollm2:135m'", "braces"),
        "two-dollars": WrongAnswer("my_model = '$${CHAT_MODEL:-smollm2:135m}'", "one `$`"),
        "another-name": WrongAnswer("my_model = '${MODEL:-smollm2:135m}'", "`CHAT_MODEL`"),
        "dash-only": WrongAnswer("my_model = '${CHAT_MODEL-smollm2:135m}'", "empty"),
        "equals": WrongAnswer("my_model = '${CHAT_MODEL:=smollm2:135m}'", ":-"),
        "other-model": WrongAnswer("my_model = '${CHAT_MODEL:-llama3}'", "smollm2:135m"),
    },
)
def one_model(my_model: Any) -> None:
    """my_model is the variable CHAT_MODEL with a default, as Compose writes it."""
    _judge_variable(str(my_model).strip())
    used = {service: environment(PROJECT, service).get("CHAT_MODEL") for service in ("model-pull", "api")}
    if len(set(used.values())) > 1:
        raise Wrong(text("The job was given {pull} and the API {api}: run the cell above again.", pull=used["model-pull"], api=used["api"]))


def _judge_variable(value: str) -> None:
    if value.startswith("$$"):
        raise Wrong(text("Two of them stand for a `$` in the text. Write one `$`."))
    if "$" not in value:
        raise Wrong(text("That is a name and no variable: it stands in two places again."))
    if not re.fullmatch(r"\$\{.*\}", value):
        raise Wrong(text("Put braces round name and default: `${NAME:-default}`."))
    name, operator, default = re.fullmatch(r"(\w*)(:?[^\w]?)(.*)", value[2:-1]).groups()  # type: ignore[union-attr]
    if name != "CHAT_MODEL":
        raise Wrong(text("The variable should be called `CHAT_MODEL`, yours is `{name}`.", name=name))
    if not operator:
        raise Wrong(text("When the variable is not set, the model has no name. Give a default after `:-`."))
    if operator == "-":
        raise Wrong(text("With `-` an empty variable counts as set. Use `:-`."))
    if operator != ":-":
        raise Wrong(text("A default follows `:-`, not `{operator}`.", operator=operator))
    if default != "smollm2:135m":
        raise Wrong(text("The default should be `smollm2:135m`, yours is `{default}`.", default=default))


_PIECE = "my_console = '''\n  console:\n    image: python:3.13-slim\n    {}\n    init: true\n    command: {}\n'''"


def _piece(more: str = "labels: *ours\n    profiles: [tools]", command: str = '["sleep", "infinity"]') -> str:
    return _PIECE.format(more, command)


@exercise(
    "console",
    "my_console",
    hints=(
        "Take a piece from above as a pattern: two spaces before the service's name, four before its keys.",
        "The line that keeps it from a plain `up` is `profiles: [tools]`.",
    ),
    wrong={
        "always": WrongAnswer(_piece("labels: *ours"), "plain `up`"),
        "misspelt": WrongAnswer(_piece("labels: *ours\n    profile: tools"), "`profiles`"),
        "another-profile": WrongAnswer(_piece("labels: *ours\n    profiles: [debug]"), "`tools`"),
        "no-list": WrongAnswer(_piece("labels: *ours\n    profiles: tools"), "list"),
        "no-label": WrongAnswer(_piece("profiles: [tools]"), "label"),
        "ends-at-once": WrongAnswer(_piece(command='["true"]'), "sleep"),
        "no-yaml": WrongAnswer("my_console = '  console: image: x'", "YAML"),
        "another-name": WrongAnswer("my_console = '  shell:\\n    profiles: [tools]'", "`console`"),
    },
)
def console(my_console: Any) -> None:
    """my_console is the piece of a service that starts with the profile tools only."""
    _judge_console(read_service(str(my_console), "console", 'x-label: &ours {lab.lesson: "04"}'))
    state = inspect(PROJECT, "console")["State"]
    if state["Status"] != "running":
        raise Wrong(text("The container of `console` is {status}: see `docker compose logs console`.", status=state["Status"]))


def _judge_console(service: Mapping[str, Any]) -> None:
    if "profile" in service:
        raise Wrong(text("The key is called `profiles`: a service can have several."))
    if "profiles" not in service:
        raise Wrong(text("Without a profile the console starts at a plain `up`."))
    if not isinstance(service["profiles"], list):
        raise Wrong(text("`profiles` takes a list: `[tools]`."))
    if service["profiles"] != ["tools"]:
        raise Wrong(text("The profile should be `tools`, yours: {names}.", names=service["profiles"]))
    if service.get("labels") != {"lab.lesson": "04"}:
        raise Wrong(text("Give it the lesson's label, `labels: *ours`, so that the clean-up finds it."))
    if "sleep" not in str(service.get("command")):
        raise Wrong(text('Its command should be `["sleep", "infinity"]`: a container ends with its program.'))
