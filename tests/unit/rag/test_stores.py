"""The same behaviour of every vector store, and the same results."""

import pytest
from langchain_core.documents import Document
from langchain_core.vectorstores import VectorStore

from lab.errors import InputError, ServiceError, SettingError
from lab.rag.documents import load
from lab.rag.index import Index

STORES = ("chroma", "chroma-embedded", "memory")
QUESTIONS = ("Which port does Chroma listen on?", "Is a named volume kept?", "port", "Back up the folder")


@pytest.fixture(params=STORES)
def store(request, make_store, changed):
    return make_store(changed(vector_store=request.param))


@pytest.fixture
def index(store):
    return Index(store, store.embedder)


def texts(collection, **asked) -> set[str]:
    return {record["document"] for record in collection.records("document", **asked)}


def test_nothing_is_there_before_the_first_ingest(store):
    assert store.collection() is None


def test_an_ingest_fills_it_and_the_next_embeds_nothing(index, folder, fake):
    assert index.sync(load(folder, 5)).embedded == 4
    fake.batches.clear()
    assert index.sync(load(folder, 5)).unchanged == 3
    assert fake.batches == []
    assert index.store.collection().count() == 4


def test_changed_and_deleted_documents_are_followed(index, folder):
    index.sync(load(folder, 5))
    (folder / "volumes.md").unlink()
    (folder / "notes.txt").write_text("Keep three copies.")
    report = index.sync(load(folder, 5))
    assert (report.changed, report.removed) == (1, 1)
    assert not any("volume" in text or "Back up" in text for text in texts(index.store.collection()))


def test_it_says_what_it_was_made_with_and_refuses_another_model(store, make_store):
    store.make()
    assert store.collection().about["embed_model"] == "all-minilm"
    other = make_store(type(store.settings)(**{**store.settings.model_dump(), "embed_model": "other"}))
    with pytest.raises(SettingError, match="made with all-minilm, and EMBED_MODEL is other"):
        other.collection()


def test_another_prefix_is_refused(store):
    collection = store.make()
    collection.note({**collection.about, "embed_prefix": "passage: "})
    with pytest.raises(SettingError, match="made with the prefix “passage: ”; all-minilm needs “”") as error:
        store.collection()
    assert "lab ingest --rebuild" in error.value.hint


def test_a_dropped_collection_is_gone_and_its_successor_is_another(store):
    first = store.make().key
    store.drop()
    assert store.collection() is None
    assert store.make().key != first


def test_records_can_be_picked_limited_and_filtered(index, folder):
    index.sync(load(folder, 5))
    collection = index.store.collection()
    ids = [record["id"] for record in collection.records()]
    assert len(ids) == 4
    assert [record["id"] for record in collection.records(ids=ids[:2])] == ids[:2]
    assert list(collection.records(ids=[])) == []
    assert len(list(collection.records(limit=3))) == 3
    assert texts(collection, where={"source": ["notes.txt"], "position": [0, 1]}) == {"notes\n\nBack up the whole folder."}


def test_more_chunks_than_one_page_are_all_read_and_deleted(store):
    collection = store.make()
    about = {"folder": "f", "source": "s", "title": "t", "section": "", "position": 0}
    chunks = [Document(id=f"{number:04}", page_content=str(number), metadata=about) for number in range(1200)]
    collection.add(chunks, {chunk.page_content: [1.0, float(number)] for number, chunk in enumerate(chunks)})
    assert len(list(collection.records())) == len(list(collection.records(ids=[chunk.id for chunk in chunks]))) == 1200
    collection.delete(chunk.id for chunk in chunks)
    assert collection.count() == 0


def test_it_is_a_vector_store_of_langchain(index, folder):
    index.sync(load(folder, 5))
    vectors = index.store.collection().vectors
    assert isinstance(vectors, VectorStore)
    assert vectors.similarity_search("Which port does Chroma listen on?", k=1)[0].metadata["source"] == "ports.md"


def test_all_stores_give_the_same_order_and_scores(make_rag, changed, folder):
    orders = []
    for name in STORES:
        rag = make_rag(changed(vector_store=name))
        rag.ingest(folder)
        orders.append([[(hit.id, round(hit.rank, 4)) for hit in rag.search(question)] for question in QUESTIONS])
    assert orders[0] == orders[1] == orders[2]
    assert all(orders[0])


def test_the_embedded_store_is_there_in_the_next_pipeline(make_rag, changed, folder):
    settings = changed(vector_store="chroma-embedded")
    make_rag(settings).ingest(folder)
    assert make_rag(settings).search("named volume")[0].source == "volumes.md"
    assert (settings.lab_home / "chroma-embedded").is_dir()


def test_an_empty_memory_says_that_it_forgets(make_rag, changed):
    with pytest.raises(InputError, match="forgets when a process ends"):
        make_rag(changed(vector_store="memory")).search("port")


def test_an_ingest_into_memory_says_that_it_ends_with_the_process(make_rag, changed, folder):
    assert "ends with this process" in make_rag(changed(vector_store="memory")).ingest(folder).notes[0]
    assert make_rag(changed(vector_store="chroma")).ingest(folder).notes == []


def test_a_collection_that_is_deleted_under_a_search_says_so(rag):
    collection = rag.store.collection()
    rag.store.drop()
    with pytest.raises(ServiceError, match="deleted or made anew meanwhile"):
        collection.nearest([1.0] * 64, 1)
