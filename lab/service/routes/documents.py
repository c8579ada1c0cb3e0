"""Documents: brought, listed, deleted."""

import base64
import json
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from lab.errors import InputError
from lab.rag.catalogue import Place
from lab.rag.documents import HANDED_OVER
from lab.service import indexing
from lab.service.models import (
    MOST_CHARACTERS,
    MOST_DOCUMENTS,
    CollectionName,
    Deleted,
    Documents,
    Indexed,
    IndexRequest,
    Line,
    ListedDocument,
    Words,
)
from lab.service.openapi import WORKING, may
from lab.service.routes.depends import Answers, Asking, Given

router = APIRouter(tags=["documents"], responses=may(409, *WORKING))
Named = Annotated[CollectionName | None, Query(description="without it, the collection of the settings")]


@router.post("/index")
async def index(body: IndexRequest, turn: Asking, answers: Answers, settings: Given) -> Indexed:
    """Bring documents into a collection, and answer when they are stored. The same id again replaces a document."""
    _refuse_too_much(body)
    indexing.refuse_twice(body.documents)
    change = answers.changing(body.collection_name or settings.collection, lambda rag: indexing.index(rag, body.documents))
    told = await turn.run(change, body.collection_name)
    if not told.documents:
        raise InputError(" ".join(f"{one.id}: {one.what}" for one in told.problems))
    return told


@router.get("/documents", responses=may(404))
async def documents(
    turn: Asking,
    collection_name: Named = None,
    folder: Annotated[Words, Query(description="only what came from there; `(texts)` is this API")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[Words, Query(description="`next` of the page before")] = "",
) -> Documents:
    """What is in a collection, a page at a time. Pages stay where they are while documents come and go."""
    begin = _place(cursor)
    entries, after = await turn.run(lambda rag: rag.documents.page(begin, limit, folder), collection_name)
    return Documents(documents=[ListedDocument.of(one) for one in entries], next=_cursor(after) if after else None)


@router.delete("/documents/{document_id:path}", responses=may(404))
async def delete(
    document_id: Line,
    turn: Asking,
    answers: Answers,
    settings: Given,
    collection_name: Named = None,
    folder: Annotated[Words, Query(description="where it came from")] = HANDED_OVER,
) -> Deleted:
    """Remove a document. One of a folder comes back when that folder is ingested again."""
    change = answers.changing(collection_name or settings.collection, lambda rag: indexing.delete(rag, document_id, folder))
    return Deleted(id=document_id, chunks=await turn.run(change, collection_name))


def _refuse_too_much(body: IndexRequest) -> None:
    if len(body.documents) > MOST_DOCUMENTS or sum(len(one.text) for one in body.documents) > MOST_CHARACTERS:
        limits = f"{MOST_DOCUMENTS} documents with {MOST_CHARACTERS:,} characters together"
        raise HTTPException(413, f"/index takes at most {limits}. POST /batch_index takes more.")


def _cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _place(cursor: str) -> Place | None:
    if not cursor:
        return None
    try:
        folder, source = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        return str(folder), str(source)
    except (ValueError, TypeError) as error:  # RecursionError cannot be: a cursor is short
        raise InputError("This cursor is none that /documents gave.") from error
