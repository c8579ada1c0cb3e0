"""The two servers that a pipeline talks to, and what their failures mean to a person.

Library errors are turned into LabErrors here, once: each names the server, its address and the command that helps.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lab.errors import LabError, ModelError, ServiceError
from lab.observe.current import current
from lab.observe.log import request_id
from lab.observe.track import Track
from lab.request_ids import HEADER
from lab.settings import Settings

if TYPE_CHECKING:
    import httpx
    import ollama
    from chromadb.api import ClientAPI

HEAL = "See what is running with `lab status`; `lab up` starts what is missing."
PULL = {"embedded": "lab-engine pull", "native": "ollama pull", "compose": "docker compose exec ollama ollama pull"}


def ollama_client(settings: Settings) -> "ollama.Client":
    """The official client, with a time limit: it has none of its own."""
    import ollama

    return ollama.Client(settings.ollama_host, timeout=settings.request_timeout, event_hooks=HOOKS)


def _name_request(request: "httpx.Request") -> None:
    """So that the engine's log says for whom it works."""
    if known := request_id.get():
        request.headers[HEADER] = known


HOOKS = {"request": [_name_request]}  # for clients of the model server


def chroma_client(settings: Settings) -> "ClientAPI":
    """A client of the Chroma server. Raises ServiceError when it does not answer."""
    import chromadb
    import httpx
    from chromadb.config import Settings as ChromaSettings

    with chroma_errors(settings):
        quiet = ChromaSettings(anonymized_telemetry=False)
        client = chromadb.HttpClient(settings.chroma_host, settings.chroma_port, settings=quiet)
        # chromadb sets no time limit and has no argument for one
        client._server._session.timeout = httpx.Timeout(settings.request_timeout)  # type: ignore[attr-defined]
        return client


def load_libraries() -> None:
    """Import Chroma's libraries now, so that their seconds do not count as the first search.

    jsonschema, which they need, is imported without its check of IRIs: that grammar alone takes 1 to 4 s to load.
    """
    if not {"jsonschema", "rfc3987_syntax"} & set(sys.modules):
        sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # jsonschema leaves a check out when its parser is missing
        try:
            import_module("jsonschema")
        finally:
            del sys.modules["rfc3987_syntax"]
    import_module("langchain_chroma")


@contextmanager
def model_call(settings: Settings, model: str, kind: str) -> Iterator[Track]:
    """A call of a model, of kind chat or embed: counted, with what the server says about it, and errors as below."""
    with current().rag.call(kind) as track, ollama_errors(settings, model):
        yield track


@contextmanager
def ollama_errors(settings: Settings, model: str) -> Iterator[None]:
    """Errors of the model server as ModelError or ServiceError."""
    import httpx
    import ollama

    try:
        yield
    except ollama.ResponseError as error:
        raise _answered(error, settings, model) from error
    except httpx.TimeoutException as error:
        hint = "Wait until the machine is less busy, or raise REQUEST_TIMEOUT."
        raise ServiceError(f"{model} gave no answer within {settings.request_timeout:g} s.", hint) from error
    except (httpx.ReadError, httpx.RemoteProtocolError) as error:
        raise broke_off(settings) from error
    except (httpx.TransportError, ConnectionError) as error:
        raise ServiceError(f"The model server does not answer at {settings.ollama_host}.", HEAL) from error


def broke_off(settings: Settings) -> ServiceError:
    """The model server went away in the middle of an answer."""
    return ServiceError(f"The model server at {settings.ollama_host} broke off in the middle of its answer.", HEAL)


def _answered(error: Any, settings: Settings, model: str) -> LabError:
    if error.status_code == 404:
        hint = f"Run `lab up`, which gets missing models, or get it yourself: {PULL[settings.lab_place]} {model}"
        return ModelError(f"The model {model} is not in the model server's store.", hint)
    for task, setting, usual in (("embeddings", "EMBED_MODEL", "all-minilm"), ("chat", "CHAT_MODEL", "smollm2:135m")):
        if f"not support {task}" in error.error:
            return ModelError(f"{model} cannot be used for {task}.", f"Set {setting} to a model that can, for example {usual}.")
    if "context size" in error.error or "context length" in error.error:
        hint = "Fetch fewer chunks (TOP_K), make them smaller (CHUNK_SIZE), or let the model read more (NUM_CTX)."
        return ModelError(f"The prompt is longer than {model} reads at once: {error.error}.", hint)
    return ServiceError(f"The model server answered: {error.error}.", "Read its log with `lab logs`.")


def chroma_away(settings: Settings) -> ServiceError:
    """Nobody answers where Chroma should be."""
    return ServiceError(f"Chroma does not answer at {settings.chroma_url}.", HEAL)


@contextmanager
def chroma_errors(settings: Settings) -> Iterator[None]:
    """A Chroma server that is away, breaks off or takes too long, as ServiceError."""
    import httpx
    from chromadb.errors import InternalError, NotFoundError

    try:
        yield
    except httpx.TimeoutException as error:
        raise ServiceError(f"Chroma gave no answer within {settings.request_timeout:g} s.", HEAL) from error
    except (httpx.TransportError, ConnectionError) as error:
        raise chroma_away(settings) from error
    except NotFoundError as error:  # where it may be missing, the caller has caught this already
        raise ServiceError(
            "The collection was deleted or made anew meanwhile.", "Ask again; `lab ingest` fills it if it is empty."
        ) from error
    except InternalError as error:
        raise ServiceError(
            f"Chroma reports an error of its own: {error}.", "Read its log with `lab logs`; restart with `lab down`, `lab up`."
        ) from error
    except ValueError as error:
        if "Could not connect" not in str(error):
            raise
        raise chroma_away(settings) from error
