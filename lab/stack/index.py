"""Is there anything to search? Asked over HTTP, because Chroma's own client takes seconds to import."""

import socket

from lab.rag.connections import chroma_away
from lab.rag.question import nothing_indexed
from lab.settings import Settings
from lab.stack.corpus import COLLECTION
from lab.stack.web import get_json

SOON = 2.0  # seconds; a server that is busier than that is left to the pipeline, which waits longer


def require_index(settings: Settings) -> None:
    """Raises ServiceError when no Chroma is there, InputError when the collection is missing or empty."""
    if settings.vector_store != "chroma":
        return
    if not get_json(f"{settings.chroma_url}/api/v2/heartbeat", SOON):
        if _nobody_listens(settings):
            raise chroma_away(settings)
        return
    found = get_json(settings.chroma_url + COLLECTION + settings.collection, SOON)
    if not found or get_json(f"{settings.chroma_url}{COLLECTION}{found['id']}/count", SOON) == 0:
        raise nothing_indexed(settings)


def _nobody_listens(settings: Settings) -> bool:
    try:
        socket.create_connection((settings.chroma_host, settings.chroma_port), SOON).close()
    except TimeoutError:
        return False
    except OSError:
        return True
    return False
