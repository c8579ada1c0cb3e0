"""Every knob of the lab, in one table.

Sources, strongest first: the environment, `.env`, what the running lab chose (`lab.json` in the state folder), defaults.
A name here in lower case is a variable of the same name in upper case: `chat_model` is `CHAT_MODEL`.
"""

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import quote, urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from lab.addresses import THIS_MACHINE, bypass_proxy, ollama_url
from lab.errors import SettingError

ROOT = Path(__file__).resolve().parents[1]
ENV_FILE = Path(os.environ.get("LAB_ENV_FILE", ROOT / ".env"))  # tests name an empty one
Place = Literal["compose", "native", "embedded"]
# Small enough for a machine without a GPU; an Ollama server can pull the first, the Python package carries the second.
CHAT_MODELS: dict[str, str] = {"compose": "llama3.2:1b", "native": "llama3.2:1b", "embedded": "smollm2:135m"}
Splitter = Literal["headings", "characters", "tokens"]  # how documents are cut into chunks
VectorStore = Literal["chroma", "chroma-embedded", "memory"]
QueryTransform = Literal["none", "rewrite", "multi-query", "hyde"]  # what happens to a question before it is searched
RedisUse = Literal["broker", "results", "cache", "limits"]
REDIS_USES: tuple[RedisUse, ...] = get_args(RedisUse)  # the place of each is the number of its database
Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(BaseSettings):
    """Addresses, model names and sizes. Read once per process with `get_settings()`."""

    model_config = SettingsConfigDict(env_file=ENV_FILE, extra="ignore", env_ignore_empty=True)

    # where the lab runs and keeps its state
    lab_place: Place = "embedded"
    lab_home: Path = ROOT / ".lab"
    compose_profiles: str = (
        ""  # further parts of the lab, comma between them, in every place: production (Redis, workers, proxy), monitoring
    )
    lab_progress: bool = True  # remember the verdicts of exercises

    # the place compose
    compose_project_name: str = Field("slipway", pattern=r"^[a-z0-9][a-z0-9_-]*$")  # prefix of its containers, networks and volumes
    lab_gpu: Literal["auto", "on", "off"] = "auto"  # may Ollama's container have the GPU; auto: when Docker can give one
    lab_compose_files: str = ""  # Compose files to add, comma between them
    lab_uid: int = Field(1000, ge=0)  # user and group of JupyterLab's container: they own what is saved in `notebooks`
    lab_gid: int = Field(1000, ge=0)
    lab_engine: str = ""  # the Docker Engine that runs the lab, as seen from here; empty: the one that the docker command uses
    docker_socket: str = "/var/run/docker.sock"  # of that engine, on its own machine: the filtering proxy reads it

    # images
    ollama_image: str = "ollama/ollama:0.33.3"
    chroma_image: str = "chromadb/chroma:1.5.9"
    python_image: str = "python:3.13-slim"
    debian_image: str = "debian:trixie-slim"
    sandbox_image: str = "docker:28.5.2-dind"
    handover_image: str = "docker:28.5.2-cli"
    redis_image: str = "redis:8.2.1"
    prometheus_image: str = "prom/prometheus:v3.5.3"
    grafana_image: str = "grafana/grafana:12.3.3"

    # addresses: all on this machine
    ollama_host: str = ""  # empty: 127.0.0.1 on ollama_port
    ollama_port: Port = 11434
    chroma_host: str = "127.0.0.1"
    chroma_port: Port = 8001
    api_url: str = ""  # empty: 127.0.0.1 on api_port
    api_port: Port = 8000
    proxy_port: Port = 8080  # of the reverse proxy in front of the RAG API, with the profile production
    redis_url: str = ""  # without a database number; empty: 127.0.0.1 on redis_port with redis_password
    redis_port: Port = 6379
    redis_password: str = ""  # empty: one is made at first start and kept in the state folder
    exporter_port: Port = 9101  # what tells Prometheus about Ollama, Chroma and the disks, with the profile monitoring
    worker_metrics_port: Port = 9102  # what tells it about tasks
    prometheus_url: str = ""  # empty: 127.0.0.1 on prometheus_port
    prometheus_port: Port = 9090
    prometheus_program: str = ""  # path of Prometheus, where it is no container; empty: `prometheus` on the PATH
    grafana_port: Port = 3000  # in the place compose only
    grafana_password: str = ""  # of its user admin; empty: one is made at first start and kept in the state folder
    jupyter_port: Port = 8888
    jupyter_token: str = ""  # empty: one is made at first start and kept in the state folder

    # the embedded engine
    ollama_models: str = ""  # folder of its models, in Ollama's layout; empty: `models` in lab_home
    ollama_registry: str = ""  # where `pull` gets models; empty: the installed packages
    ollama_noprune: bool = False  # keep, at start, blobs that no model uses
    ollama_origins: str = ""  # web pages that may call the engine, besides those on this machine; comma between them
    ollama_keep_alive: str = "5m"  # how long an unused model stays in memory; negative: for ever
    ollama_context_length: int = Field(0, ge=0)  # tokens per request when the request does not say; 0: 4096
    ollama_num_parallel: int = Field(1, ge=1, le=64)  # requests that one model answers at once; each needs memory
    ollama_max_loaded_models: int = Field(0, ge=0)  # models in memory at once; 0: 3
    ollama_max_queue: int = Field(512, ge=0)  # requests that may wait; a further one is refused

    # models
    chat_model: str = ""  # empty: the default of the place
    embed_model: str = "all-minilm"
    lesson_model: str = "smollm2:135m"  # what lessons 01 to 04 pull again and again: small
    num_ctx: int = Field(2048, ge=256, le=131072)  # tokens the chat model reads at once
    num_predict: int = Field(160, ge=1, le=4096)  # tokens it may write
    temperature: float = Field(0.0, ge=0, le=2)

    # documents and retrieval
    corpus: Path = ROOT / "corpus"
    collection: str = "handbook"
    splitter: Splitter = "headings"
    chunk_size: int = Field(700, ge=50, le=8000)  # characters; tokens with the splitter `tokens`
    chunk_overlap: int = Field(80, ge=0, le=4000)  # the same
    max_document_mb: float = Field(5, gt=0)  # larger documents are reported and left out
    vector_store: VectorStore = "chroma"
    top_k: int = Field(4, ge=1, le=50)
    retrieval_mode: Literal["dense", "keyword", "hybrid"] = "hybrid"
    fusion: Literal["scores", "rrf"] = "scores"  # how hybrid puts both orders together
    diversity: float = Field(0.0, ge=0, le=1)  # above 0, passages that say the same again come later (MMR)
    query_transform: QueryTransform = "none"
    rerank: Literal["none", "sentences", "llm", "endpoint"] = "none"
    rerank_candidates: int = Field(8, ge=1, le=100)  # passages that are read again
    rerank_url: str = ""  # of a server with POST /rerank
    rerank_model: str = ""  # empty: the one that server has
    context_window: Literal["none", "neighbours", "section"] = "none"
    context_budget: int = Field(2000, ge=100, le=100_000)  # characters of one passage with what stands around it
    history_turns: int = Field(4, ge=0, le=50)  # earlier questions and answers that a follow-up question is read with
    prompts: str = ""  # a folder whose files replace those of lab/rag/prompts

    # the RAG API
    api_keys: str = ""  # who may call it: name:sha256 of each key, comma between them; empty: everybody who reaches its port
    api_origins: str = ""  # web pages that may call it from a browser, like http://localhost:3000; comma between them
    api_rate_limit: str = ""  # calls of one key or address, like 60/minute; empty: no limit
    api_max_body_mb: float = Field(10, gt=0)  # a larger request is refused
    api_host: str = "127.0.0.1"  # address that `python -m lab.service` listens on; beyond this machine only with api_keys
    api_time_limit: float = Field(300, gt=0)  # seconds for one request, waiting included
    api_stop_timeout: float = Field(30, ge=0)  # seconds that running answers have to finish when the API is stopped
    api_concurrency: int = Field(4, ge=1, le=64)  # questions that are answered at once
    api_queue: int = Field(16, ge=0, le=10_000)  # questions that may wait for that; a further one is refused at once
    api_cache_ttl: float = Field(3600, ge=0)  # seconds an answer is kept; 0: nothing is kept
    api_cache_entries: int = Field(1000, ge=1)  # answers kept in the process
    api_cache_mb: float = Field(32, gt=0)  # memory for them
    api_cache_refusals: bool = True  # keep "not in these documents" too
    api_cache_likeness: float = Field(0, ge=0, le=1)  # cosine from which another wording gets the same answer; 0: equal questions only

    # workers of the task queue
    worker_concurrency: int = Field(1, ge=1, le=64)  # tasks that one worker does at once
    worker_time_limit: float = Field(300, gt=0)  # seconds for one task
    worker_redelivery: float = Field(360, gt=0)  # seconds after which a task of a worker that died goes to another; above worker_time_limit
    worker_retries: int = Field(3, ge=0, le=20)  # further attempts when a service is away
    worker_deaths: int = Field(3, ge=1, le=1000)  # a task that so many processes died of is not begun again
    worker_queue: int = Field(10_000, ge=1)  # tasks that may wait; a further one is refused
    worker_result_ttl: float = Field(86_400, gt=0)  # seconds a result is kept

    # waiting
    request_timeout: float = Field(120, gt=0)  # seconds for one call to a model or to Chroma
    start_timeout: float = Field(90, gt=0)  # seconds for a service to become ready
    download_timeout: float = Field(1800, gt=0)  # seconds for models to arrive at the first start in the place compose

    @field_validator("corpus", "lab_home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return _in_project(value)

    @model_validator(mode="after")
    def _fill(self) -> "Settings":
        if self.chunk_overlap >= self.chunk_size:
            raise ValueError(f"CHUNK_OVERLAP ({self.chunk_overlap}) must be smaller than CHUNK_SIZE ({self.chunk_size})")
        if self.worker_redelivery <= self.worker_time_limit:
            told = f"WORKER_REDELIVERY ({self.worker_redelivery:g}) must be above WORKER_TIME_LIMIT ({self.worker_time_limit:g})"
            raise ValueError(f"{told}: a task that still runs would be given to a second worker")
        self._refuse_equal_ports()
        self.chat_model = self.chat_model or CHAT_MODELS[self.lab_place]
        self.ollama_host = ollama_url(self.ollama_host, self.ollama_port)
        self.api_url = self.api_url.rstrip("/") or f"http://127.0.0.1:{self.api_port}"
        self.prometheus_url = self.prometheus_url.rstrip("/") or f"http://127.0.0.1:{self.prometheus_port}"
        return self

    def _refuse_equal_ports(self) -> None:
        """A Chroma of another machine, and an Ollama that OLLAMA_HOST names, may have any port."""
        ports = {"JUPYTER_PORT": self.jupyter_port}
        ports |= {"CHROMA_PORT": self.chroma_port} if self.chroma_host in THIS_MACHINE else {}
        ports |= {} if self.ollama_host else {"OLLAMA_PORT": self.ollama_port}
        ports |= {} if self.api_url else {"API_PORT": self.api_port}
        if "production" in self.profiles:
            more = {"PROXY_PORT": self.proxy_port} if self.lab_place == "compose" else {"REDIS_PORT": self.redis_port}
            ports |= {} if self.redis_url and self.lab_place != "compose" else more
        if "monitoring" in self.profiles:
            ports |= {"PROMETHEUS_PORT": self.prometheus_port} if not self.prometheus_url else {}
            ports |= {"GRAFANA_PORT": self.grafana_port} if self.lab_place == "compose" else {"EXPORTER_PORT": self.exporter_port}
        if len(set(ports.values())) < len(ports):
            told = ", ".join(f"{name}={port}" for name, port in ports.items())
            raise ValueError(f"each service needs a port of its own: {told}")

    @property
    def profiles(self) -> frozenset[str]:
        """The further parts of the lab that are on."""
        return frozenset(name.strip() for name in self.compose_profiles.split(",") if name.strip())

    @property
    def models_folder(self) -> Path:
        """Where the embedded engine keeps its models."""
        return _in_project(Path(self.ollama_models)) if self.ollama_models else self.lab_home / "models"

    @property
    def prompts_folder(self) -> Path | None:
        """Where the reader keeps prompts of their own, if anywhere."""
        return _in_project(Path(self.prompts)) if self.prompts else None

    @property
    def chroma_url(self) -> str:
        """Address of the Chroma server."""
        return f"http://{self.chroma_host}:{self.chroma_port}"

    @property
    def proxy_url(self) -> str:
        """Address of the reverse proxy in front of the RAG API, in the place compose with the profile production."""
        return f"http://127.0.0.1:{self.proxy_port}"

    def redis_for(self, use: RedisUse) -> str:
        """Address of the Redis database for one use: emptying the cache must not touch waiting tasks."""
        server = self.redis_url.rstrip("/") or f"redis://:{quote(self.redis_password, safe='')}@127.0.0.1:{self.redis_port}"
        return f"{server}/{REDIS_USES.index(use)}"

    @property
    def redis_address(self) -> str:
        """Address of Redis, without the password: for people."""
        parts = urlsplit(self.redis_for("broker"))
        return f"{parts.scheme}://{parts.hostname}:{parts.port or 6379}"

    @property
    def has_redis(self) -> bool:
        """Whether this lab has a Redis: one of its own, with the profile production, or the one that REDIS_URL names."""
        return bool(self.redis_url) or "production" in self.profiles

    @property
    def exporter_url(self) -> str:
        """Address of the exporter, as a process of this machine."""
        return f"http://127.0.0.1:{self.exporter_port}"

    @property
    def grafana_url(self) -> str:
        """Address of Grafana for a browser of this machine, in the place compose with the profile monitoring."""
        return f"http://127.0.0.1:{self.grafana_port}"

    @property
    def jupyter_url(self) -> str:
        """Address of JupyterLab, without the token."""
        return f"http://127.0.0.1:{self.jupyter_port}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The order of sources, strongest first."""
        return init_settings, env_settings, dotenv_settings, _RunningLab(settings_cls, (init_settings, env_settings, dotenv_settings))


def _in_project(path: Path) -> Path:
    """A relative path begins at the project, wherever a command is called."""
    return (ROOT / path.expanduser()).resolve()  # an absolute path wins over ROOT


class _RunningLab(PydanticBaseSettingsSource):
    """What `lab up` chose: so that a second terminal, and a notebook, find the lab without being told."""

    def __init__(self, settings_cls: type[BaseSettings], stronger: tuple[PydanticBaseSettingsSource, ...]):
        super().__init__(settings_cls)
        self.stronger = stronger

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        homes = [source().get("lab_home") for source in self.stronger]
        home = ROOT / Path(next((h for h in homes if h), ROOT / ".lab")).expanduser()
        try:
            return dict(json.loads((home / "lab.json").read_text("utf-8"))["settings"])
        except (OSError, ValueError, KeyError, TypeError):
            return {}  # no lab has been started from this state folder, or its file is not readable


def folder_label(folder: Path) -> str:
    """A folder's name in the index: relative inside the project, so that the project can be moved."""
    folder = folder.resolve()
    return folder.relative_to(ROOT).as_posix() if folder.is_relative_to(ROOT) else folder.as_posix()


def load_settings(**overrides: Any) -> Settings:
    """Settings as they are now. Raises SettingError with the variable's name and what it accepts.

    Whoever calls a service asks here for its address first, so this is also where the process learns to bypass a proxy.
    """
    bypass_proxy(os.environ)
    try:
        settings = Settings(**overrides)
        if settings.lab_place == "compose":  # other containers have names without a dot
            addresses = (settings.ollama_host, settings.chroma_url, settings.api_url, settings.lab_engine)
            names = (urlsplit(address).hostname or "" for address in addresses)
            bypass_proxy(os.environ, [name for name in names if "." not in name])
        return settings
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        said = f"{name}={first['input']}: " if name else ""
        hint = "Change it in .env or in the environment; .env.example lists all settings."
        why = first["msg"].removeprefix("Value error, ")  # pydantic's words before a validator's own sentence
        raise SettingError(f"A setting cannot work: {said}{why}.", hint) from error


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Settings of this process, read once. Tests call `get_settings.cache_clear()`."""
    return load_settings()
