"""`run`: one answer, or a conversation."""

import argparse
import json
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from lab.engine.command_client import connect, show_progress
from lab.engine.command_text import duration_text

HELP = """Type a message and press Enter. Three quotes begin and end a message of many lines.
  /clear   forget the conversation
  /bye     leave (also Ctrl-d)"""


def run_model(asked: argparse.Namespace) -> None:
    """Answer a prompt from the command line or standard input; without one, talk."""
    client = connect()
    capabilities = _show_or_pull(client, asked.model).capabilities or []
    piped = "" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read()
    prompt = " ".join(part for part in (piped, *asked.prompt) if part)
    if "embedding" in capabilities:
        _embed(client, asked, prompt)
    elif prompt:
        _answer(asked, client.generate(asked.model, prompt, stream=True, **_options(asked)))
    elif sys.stdin is not None and sys.stdin.isatty():
        _talk(client, asked)


def _show_or_pull(client: Any, model: str) -> Any:
    import ollama

    try:
        return client.show(model)
    except ollama.ResponseError as error:
        if error.status_code != 404:
            raise
    show_progress(client.pull(model, stream=True))
    return client.show(model)


def _options(asked: argparse.Namespace) -> dict[str, Any]:
    given = {"keep_alive": asked.keepalive, "format": asked.format}
    return {name: value for name, value in given.items() if value is not None}


def _embed(client: Any, asked: argparse.Namespace, prompt: str) -> None:
    answer = client.embed(asked.model, prompt, **({"keep_alive": asked.keepalive} if asked.keepalive else {}))
    print(json.dumps(list(answer.embeddings[0]) if answer.embeddings else []))


def _answer(asked: argparse.Namespace, chunks: Iterable[Any]) -> str:
    """Print an answer as it comes, then the counters when they are wanted. Returns its text."""
    text, last = "", None
    for last in chunks:
        piece = getattr(last, "response", None) or getattr(getattr(last, "message", None), "content", None) or ""
        print(piece, end="", flush=True)
        text += piece
    print("\n")
    if asked.verbose and last is not None:
        _print_counters(last)
    return text


def _print_counters(last: Any) -> None:
    def rate(count: int | None, duration: int | None) -> str:
        return f"{(count or 0) / ((duration or 0) / 1e9 or 1):.2f} tokens/s"

    rows = {
        "total duration": duration_text(last.total_duration or 0),
        "load duration": duration_text(last.load_duration or 0),
        "prompt eval count": f"{last.prompt_eval_count or 0} token(s)",
        "prompt eval duration": duration_text(last.prompt_eval_duration or 0),
        "prompt eval rate": rate(last.prompt_eval_count, last.prompt_eval_duration),
        "eval count": f"{last.eval_count or 0} token(s)",
        "eval duration": duration_text(last.eval_duration or 0),
        "eval rate": rate(last.eval_count, last.eval_duration),
    }
    for name, value in rows.items():
        print(f"{name + ':':<22}{value}", file=sys.stderr)


def _talk(client: Any, asked: argparse.Namespace) -> None:
    with suppress(ImportError):
        import readline  # noqa: F401  (gives input() a history and editing)
    client.generate(asked.model, **_options(asked))  # loads the model while the first message is being typed
    messages: list[dict[str, str]] = []
    while (text := _read_message()) is not None:
        if text in ("/?", "/help"):
            print(HELP)
        elif text == "/clear":
            messages.clear()
            print("Cleared session context")
        elif text.startswith("/"):
            print(f"Unknown command '{text.split()[0]}'. Type /? for help")
        elif text:
            messages.append({"role": "user", "content": text})
            try:
                answer = _answer(asked, client.chat(asked.model, messages, stream=True, **_options(asked)))
            except KeyboardInterrupt:  # ends the answer, not the conversation
                print("\n")
                messages.pop()
            else:
                messages.append({"role": "assistant", "content": answer})


def _read_message() -> str | None:
    """The next message, or None when the person leaves."""
    try:
        line = input(">>> ").strip()
        while line.startswith('"""') and not (len(line) >= 6 and line.endswith('"""')):
            line += "\n" + input("... ")
    except EOFError:
        print()
        return None
    except KeyboardInterrupt:
        print("\nUse Ctrl + d or /bye to exit.")
        return ""
    if line in ("/bye", "/exit"):
        return None
    return line[3:-3].strip() if line.startswith('"""') else line
