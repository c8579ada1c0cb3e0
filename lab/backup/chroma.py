"""Collections of Chroma out and in, through its API: also while it runs, and from one version to another.

A copy of its files would need a stopped server, and after a crash one of them may seem a thousand times as large as it is.
"""

import json
import secrets
from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.backup.archive import Archive, Writer
from lab.errors import InputError, ServiceError
from lab.rag.connections import chroma_client, chroma_errors
from lab.settings import Settings

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

PAGE = 1000  # records read or written at once
TRIES = 3  # for a collection that changes while it is read
HNSW = ("space", "ef_construction", "ef_search", "max_neighbors")  # of its configuration, what is given when one is made
UNFINISHED = "lab-restoring-"  # names of collections that are being filled
Show = Callable[[str, int, int], None]  # name, records so far, all records


def save_collections(settings: Settings, writer: Writer, show: Show) -> list[dict[str, Any]]:
    """Write all collections, and return what the manifest shall say about each. Raises ServiceError when one keeps changing."""
    client = chroma_client(settings)
    with chroma_errors(settings):
        found = [one for one in client.list_collections() if not one.name.startswith(UNFINISHED)]
        return [_save(client, one.name, f"collections/{number}", writer, show) for number, one in enumerate(found)]


def _save(client: "ClientAPI", name: str, folder: str, writer: Writer, show: Show) -> dict[str, Any]:
    for _ in range(TRIES):
        collection = client.get_collection(name, embedding_function=None)
        before = _state(collection)
        records, vectors = _read(collection, show)
        after = _state(client.get_collection(name, embedding_function=None))
        if before == after and len(records) == before[1] and not before[2].get("writing"):
            break
    else:
        hint = "Wait until nobody ingests, then try again; after an ingest that broke off, finish it first: `lab ingest`."
        raise ServiceError(f"The collection {name} is being written to.", hint)
    writer.add(f"{folder}/records.jsonl", (json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records))
    writer.add(f"{folder}/vectors.f32", (page.tobytes() for page in vectors))
    hnsw = collection.configuration_json.get("hnsw") or {}
    return {
        "name": name,
        "folder": folder,
        "count": len(records),
        "dimension": vectors[0].shape[1] if vectors else 0,
        "configuration": {key: hnsw[key] for key in HNSW if key in hnsw},
        "about": dict(collection.metadata or {}),
    }


def _state(collection: "Collection") -> tuple[str, int, dict[str, Any]]:
    """What is another one when somebody wrote in between."""
    return str(collection.id), collection.count(), dict(collection.metadata or {})


def _read(collection: "Collection", show: Show) -> tuple[list[dict[str, Any]], list[Any]]:
    records: list[dict[str, Any]] = []
    vectors: list[Any] = []
    total = collection.count()
    for offset in count(0, PAGE):
        page: Any = collection.get(include=["documents", "metadatas", "embeddings"], limit=PAGE, offset=offset)
        if not page["ids"]:
            return records, vectors
        columns = zip(page["ids"], page["documents"], page["metadatas"], strict=True)
        records += [{"id": key, "document": text, "metadata": fields} for key, text, fields in columns]
        vectors.append(np.asarray(page["embeddings"], dtype="<f4"))
        show(collection.name, len(records), total)
    raise AssertionError  # count() has no end


def require_space(settings: Settings, archive: Archive, force: bool) -> None:
    """Raises InputError when a collection of the archive exists already, and `force` is false."""
    client = chroma_client(settings)
    with chroma_errors(settings):
        there = {one.name: one.count() for one in client.list_collections()}
    taken = [f"{one['name']} ({there[one['name']]} records)" for one in archive.manifest["collections"] if one["name"] in there]
    if taken and not force:
        raise InputError(f"Chroma has already: {', '.join(taken)}.", "Replace what is there by what is in the backup: --force.")


def load_collections(settings: Settings, archive: Archive, show: Show) -> None:
    """Fill each collection under another name, then put it in the place of the one that is there: never half a collection."""
    client = chroma_client(settings)
    with chroma_errors(settings):
        for left in [one.name for one in client.list_collections() if one.name.startswith(UNFINISHED)]:
            client.delete_collection(left)
        for one in archive.manifest["collections"]:
            _load(client, archive, one, show)


def _load(client: "ClientAPI", archive: Archive, one: dict[str, Any], show: Show) -> None:
    made = client.create_collection(
        f"{UNFINISHED}{secrets.token_hex(4)}",
        configuration={"hnsw": one["configuration"]},
        metadata=one["about"] or None,
        embedding_function=None,
    )
    try:
        _fill(client, made, archive, one, show)
        if any(other.name == one["name"] for other in client.list_collections()):
            client.delete_collection(one["name"])
        made.modify(name=one["name"])
    except BaseException:  # Ctrl-C too
        client.delete_collection(made.name)
        raise


def _fill(client: "ClientAPI", made: "Collection", archive: Archive, one: dict[str, Any], show: Show) -> None:
    vectors = np.frombuffer(archive.read(f"{one['folder']}/vectors.f32"), dtype="<f4").reshape(one["count"], one["dimension"] or 1)
    done = 0
    for page in _pages(archive.lines(f"{one['folder']}/records.jsonl"), min(PAGE, client.get_max_batch_size())):
        part: Any = vectors[done : done + len(page)]
        texts: Any = [record["document"] for record in page]
        fields: Any = [record["metadata"] for record in page]
        made.add([record["id"] for record in page], embeddings=part, documents=texts, metadatas=fields)
        done += len(page)
        show(one["name"], done, one["count"])
    if made.count() != one["count"]:
        raise ServiceError(
            f"{made.count()} of {one['count']} records of {one['name']} arrived in Chroma.", "See what `lab logs chroma` says."
        )


def _pages(records: Iterator[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    page: list[dict[str, Any]] = []
    for record in records:
        page.append(record)
        if len(page) == size:
            yield page
            page = []
    if page:
        yield page
