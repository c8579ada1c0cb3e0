"""The `docker compose` command for this lab: which files, which variables, and what it tells while it works.

Compose has no other interface than its command: the Docker SDK knows nothing of compose.yaml.
"""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from lab.errors import SettingError
from lab.settings import ROOT, Settings

MAIN = "compose.yaml"
# The settings that compose.yaml reads. All are handed over, so that Compose and the lab cannot differ.
VARIABLES = (
    *("compose_project_name", "lab_uid", "lab_gid", "docker_socket"),
    *("ollama_image", "chroma_image", "python_image", "debian_image", "sandbox_image", "handover_image", "redis_image"),
    *("prometheus_image", "grafana_image", "prometheus_port", "grafana_port", "grafana_password"),
    *("ollama_port", "chroma_port", "api_port", "jupyter_port", "jupyter_token"),
    *("compose_profiles", "proxy_port", "redis_password"),
    *("chat_model", "embed_model", "lesson_model"),
    *("ollama_keep_alive", "ollama_context_length", "ollama_num_parallel", "ollama_max_loaded_models", "ollama_max_queue"),
)
END = 10.0  # seconds for Compose to end after an interruption


class Compose:
    """Calls `docker compose` on the lab's project."""

    def __init__(self, settings: Settings, overrides: Sequence[str] = ()):
        self.settings = settings
        self.files = [MAIN, *overrides, *own_files(settings)]

    def words(self, *words: str) -> list[str]:
        """The command line. No setting stands in it: other users see it."""
        files = [word for file in self.files for word in ("--file", file)]
        return ["docker", "compose", "--project-directory", str(ROOT), *files, "--progress", "json", *words]

    def environment(self) -> dict[str, str]:
        """The variables of this process, with the lab's settings; token and password are handed over here."""
        return {**os.environ, **{name.upper(): str(getattr(self.settings, name)) for name in VARIABLES}}

    def events(self, *words: str) -> Iterator[dict[str, Any]]:
        """What Compose tells while it works; the last event is {"code": N}.

        It runs in a session of its own, so that Ctrl-C reaches this process only; an interrupted loop also ends Compose.
        """
        running = subprocess.Popen(
            self.words(*words),
            cwd=ROOT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            for line in running.stdout or ():
                yield parse(line)
            yield {"code": running.wait()}
        finally:
            end(running)


def own_files(settings: Settings) -> list[str]:
    """The files that LAB_COMPOSE_FILES adds. Raises SettingError for one that is not there."""
    files = [ROOT / Path(name.strip()).expanduser() for name in settings.lab_compose_files.split(",") if name.strip()]
    for file in files:
        if not file.is_file():
            raise SettingError(f"LAB_COMPOSE_FILES names {file}, and there is no such file.", "Correct it in .env.")
    return [str(file) for file in files]


def parse(line: str) -> dict[str, Any]:
    """One line of Compose's progress; a line that is no JSON is a remark."""
    with suppress(ValueError):
        data = json.loads(line)
        if isinstance(data, dict):
            return data
    return {"remark": line.rstrip()}


def end(process: subprocess.Popen[str]) -> None:
    """Ends Compose as Ctrl-C would, if it still runs: it then leaves no half-made container."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout:
        process.stdout.close()
