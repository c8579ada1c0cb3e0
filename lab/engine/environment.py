"""The server's settings: lab.settings, with the values that Ollama itself would choose filled in."""

import os
from dataclasses import dataclass
from pathlib import Path

from lab.addresses import ollama_address
from lab.engine.durations import parse_duration, seconds_kept
from lab.engine.errors import EngineError
from lab.errors import SettingError
from lab.settings import Settings, load_settings

DEFAULT_PORT = 11434
CONTEXT_LENGTH = 4096  # as Ollama on a machine without a large GPU
MAX_LOADED = 3


@dataclass(frozen=True)
class ServerSettings:
    """Everything that `lab-engine serve` can be told."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    models: Path = Path()
    registry: str = ""  # where models are pulled from; empty: the installed packages
    origins: tuple[str, ...] = ()
    keep_alive: float = 300.0  # seconds
    context_length: int = CONTEXT_LENGTH  # tokens
    num_parallel: int = 1  # requests that one model answers at once
    max_loaded: int = MAX_LOADED
    max_queue: int = 512
    prune: bool = True

    @classmethod
    def read(cls) -> "ServerSettings":
        """From the environment, `.env` and the running lab. Raises SettingError."""
        settings = load_settings()
        # lab.settings turns 0.0.0.0 into an address to call; a server needs the one to bind to
        _, host, port = ollama_address(os.environ.get("OLLAMA_HOST") or settings.ollama_host, settings.ollama_port)
        return cls(
            host=host,
            port=port,
            models=settings.models_folder,
            registry=settings.ollama_registry,
            origins=tuple(origin.strip() for origin in settings.ollama_origins.split(",") if origin.strip()),
            keep_alive=_keep_alive(settings),
            context_length=settings.ollama_context_length or CONTEXT_LENGTH,
            num_parallel=settings.ollama_num_parallel,
            max_loaded=settings.ollama_max_loaded_models or MAX_LOADED,
            max_queue=settings.ollama_max_queue,
            prune=not settings.ollama_noprune,
        )


def _keep_alive(settings: Settings) -> float:
    text = settings.ollama_keep_alive
    try:
        seconds = float(text) if text.lstrip("-").isdigit() else parse_duration(text)
    except EngineError as error:
        raise SettingError(f"OLLAMA_KEEP_ALIVE={text} is no duration.", "Write it as 5m, 30s or 1h30m; -1 means for ever.") from error
    return seconds_kept(seconds)
