"""The command's connection to a server, and the view of what it is doing."""

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.engine.command_text import human_size
from lab.settings import get_settings

if TYPE_CHECKING:
    import ollama

BAR = 30  # characters


def connect() -> "ollama.Client":
    """A client of the server at OLLAMA_HOST. Proxies are left aside: they are for the internet."""
    import ollama

    return ollama.Client(host=get_settings().ollama_host, trust_env=False)


def server_version() -> str | None:
    """The version of the server, or None when none answers."""
    import httpx

    try:
        answer = httpx.get(f"{get_settings().ollama_host}/api/version", timeout=5, trust_env=False).json()
        return str(answer["version"])
    except (httpx.HTTPError, ValueError, KeyError):
        return None


def upload(client: "ollama.Client", path: Path) -> str:
    """Bring a file into the server's store and return its digest; a file that is there already is not sent again."""
    import httpx

    with path.open("rb") as file:
        digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    there = httpx.head(f"{get_settings().ollama_host}/api/blobs/{digest}", timeout=None, trust_env=False)
    return digest if there.status_code == 200 else client.create_blob(path)


def show_progress(statuses: Iterable[Any]) -> None:
    """Follow a pull or a create on standard error: bars in a terminal, a line per step elsewhere."""
    if sys.stderr.isatty():
        _bars(statuses)
    else:
        _lines(statuses)


def _lines(statuses: Iterable[Any]) -> None:
    told = ""
    for status in statuses:
        finished = status.digest and status.completed and status.completed == status.total
        line = f"{status.status}: 100% {human_size(status.total)}" if finished else "" if status.digest else status.status
        if line and line != told:
            print(line, file=sys.stderr, flush=True)
            told = line


def _bars(statuses: Iterable[Any]) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    lines: dict[str, str] = {}
    with Live(console=Console(stderr=True)) as live:
        for status in statuses:
            lines[status.digest or status.status] = _bar(status) if status.digest and status.total else status.status
            live.update(Text("\n".join(lines.values()), overflow="crop", no_wrap=True))


def _bar(status: Any) -> str:
    share = min((status.completed or 0) / status.total, 1)
    bar = "█" * round(share * BAR)
    return f"{status.status}: {share:4.0%} ▕{bar:<{BAR}}▏ {human_size(status.completed or 0)}/{human_size(status.total)}"
