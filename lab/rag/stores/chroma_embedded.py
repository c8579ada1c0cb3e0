"""Chroma in this process, with its files in the state folder: no server, and one process at a time."""

from typing import TYPE_CHECKING

from langchain_core.embeddings import Embeddings

from lab.errors import ServiceError
from lab.rag.stores.chroma import ChromaBackend
from lab.settings import Settings

if TYPE_CHECKING:
    from chromadb.api import ClientAPI


def open_embedded(settings: Settings, embeddings: Embeddings) -> ChromaBackend:
    """The store in `chroma-embedded` of the state folder."""
    return ChromaBackend(settings, embeddings, _client(settings))


def _client(settings: Settings) -> "ClientAPI":
    import chromadb
    from chromadb.config import Settings as ChromaSettings
    from chromadb.errors import ChromaError

    folder = settings.lab_home / "chroma-embedded"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return chromadb.PersistentClient(folder, settings=ChromaSettings(anonymized_telemetry=False))
    except (OSError, ValueError, ChromaError) as error:
        hint = "Check that you may write there, or set LAB_HOME to another folder."
        raise ServiceError(f"Chroma cannot keep its files in {folder}: {error}.", hint) from error
