"""A backup of a real lab, restored into the same lab and into another one with an empty Chroma."""

import json

import numpy as np
import pytest

from lab.backup.run import back_up, check, restore
from lab.errors import InputError, ServiceError
from lab.rag.connections import chroma_client
from lab.settings import load_settings
from tests.integration.backup.servers import chroma_server

QUESTIONS = ("Where does Ollama keep its models?", "How does one service wait for another?", "Who won the match in Oslo?")


def quiet(name, done, total):
    pass


def ordered(fields):
    return json.dumps(fields, sort_keys=True)


def contents(settings):
    """Every record of every collection, ids to text, fields and the bytes of the vector."""
    found = {}
    for one in chroma_client(settings).list_collections():
        rows = one.get(include=["documents", "metadatas", "embeddings"])
        vectors = [np.asarray(vector, "<f4").tobytes() for vector in rows["embeddings"]]
        found[one.name] = dict(zip(rows["ids"], zip(rows["documents"], map(ordered, rows["metadatas"]), vectors, strict=True), strict=True))
    return found


def answers(rag):
    return [(found.answer, found.state, [one.text for one in found.citations]) for found in map(rag.ask, QUESTIONS)]


@pytest.fixture(scope="module")
def small(own_lab, make_own):
    """A pipeline over two articles, in a Chroma of its own."""
    rag = make_own(own_lab)
    for name in ("volumes.md", "healthchecks.md"):
        rag.ingest(own_lab.corpus / name)
    return rag


@pytest.fixture(scope="module")
def backup(small, own_lab, tmp_path_factory):
    path = tmp_path_factory.mktemp("backup") / "backup.zip"
    return path, back_up(own_lab, path, quiet)


def test_a_fresh_lab_gets_the_same_records_vectors_and_answers(small, own_lab, backup, make_own, tmp_path, free_port):
    with chroma_server(tmp_path, free_port()) as port:
        fresh = load_settings(**{**own_lab.model_dump(), "chroma_port": port})
        assert contents(fresh) == {}
        told = restore(fresh, backup[0], quiet)
        assert contents(fresh) == contents(own_lab)
        assert told.collections == backup[1].collections == {own_lab.collection: small.store.collection().count()}
        assert answers(make_own(fresh)) == answers(small)


def test_what_is_there_is_replaced_only_when_that_was_asked_for(own_lab, backup):
    before = contents(own_lab)
    with pytest.raises(InputError, match=f"{own_lab.collection} .* records"):
        restore(own_lab, backup[0], quiet)
    collection = chroma_client(own_lab).get_collection(own_lab.collection, embedding_function=None)
    collection.delete(next(iter(before[own_lab.collection])))
    restore(own_lab, backup[0], quiet, force=True)
    assert contents(own_lab) == before


def test_an_ingest_after_a_restore_finds_nothing_to_do(small, own_lab, backup, make_own):
    restore(own_lab, backup[0], quiet, force=True)
    assert make_own(own_lab).ingest(own_lab.corpus / "volumes.md").embedded == 0


def test_a_damaged_backup_is_refused_before_anything_is_touched(own_lab, backup, tmp_path):
    data = bytearray(backup[0].read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "damaged.zip").write_bytes(data)
    before = contents(own_lab)
    for call in (lambda: check(tmp_path / "damaged.zip"), lambda: restore(own_lab, tmp_path / "damaged.zip", quiet, force=True)):
        with pytest.raises(InputError, match="damaged"):
            call()
    assert contents(own_lab) == before


def test_a_restore_that_breaks_off_leaves_the_collection_as_it_was(own_lab, backup):
    before = contents(own_lab)

    def interrupt(name, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(own_lab, backup[0], interrupt, force=True)
    assert contents(own_lab) == before


def test_a_collection_that_is_being_written_to_is_not_backed_up_by_halves(own_lab, small, tmp_path):
    collection = small.store.collection()
    collection.note({**collection.about, "writing": True})
    try:
        with pytest.raises(ServiceError, match="being written to"):
            back_up(own_lab, tmp_path / "half.zip", quiet)
    finally:
        small.store.stamp(collection)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_is_missing_is_named_with_what_to_do(own_lab, backup):
    from lab.backup.models import fetch_models

    (note,) = fetch_models(own_lab, [{"name": "my-own:latest", "digest": "0", "bytes": 1}], quiet)
    assert "my-own:latest" in note
    assert "Modelfile" in note
