import pytest

from lab.errors import ServiceError, SettingError
from lab.rag.documents import load


def test_a_collection_that_was_never_made_is_none(make_store):
    assert make_store().collection() is None


def test_a_new_collection_says_what_it_was_made_with(make_store):
    collection = make_store().make()
    assert collection.space == "cosine"
    assert collection.about["embed_model"] == "all-minilm"
    assert collection.about["embed_digest"] == "a" * 64
    assert collection.about["chunk_size"] == 200


def test_another_embedding_model_is_refused(make_store, changed):
    make_store().make()
    with pytest.raises(SettingError, match="made with all-minilm, and EMBED_MODEL is other") as error:
        make_store(changed(embed_model="other")).collection()
    assert "lab ingest --rebuild" in error.value.hint


def test_a_collection_of_another_program_is_refused(make_store, settings):
    store = make_store()
    store.backend.client.create_collection(settings.collection)
    with pytest.raises(SettingError, match="by something else"):
        store.collection()


def test_another_distance_is_refused(make_store, settings):
    store = make_store()
    store.backend.client.create_collection(settings.collection, metadata={"embed_model": "all-minilm"})
    with pytest.raises(SettingError, match="measures l2 distance"):
        store.collection()


def test_equal_weights_in_another_file_are_accepted(make_index, make_store, folder, fake):
    make_index().sync(load(folder, 5))
    fake.digest = "b" * 64
    assert make_store().collection() is not None


def test_other_weights_under_the_same_name_are_refused(make_index, make_store, folder, fake, monkeypatch):
    make_index().sync(load(folder, 5))
    fake.digest = "b" * 64
    monkeypatch.setattr(f"{fake.__class__.__module__}.vector", lambda text: [1.0] + [0.0] * 63)
    store = make_store()
    monkeypatch.setattr(store.embedder, "embed_query", lambda text: [1.0] + [0.0] * 63)
    with pytest.raises(SettingError, match="not the same model any more"):
        store.collection()


def test_a_name_that_chroma_refuses_names_the_setting(make_store, changed):
    with pytest.raises(SettingError, match="COLLECTION=x cannot be the name"):
        make_store(changed(collection="x")).make()


def test_dropping_what_is_not_there_is_harmless(make_store):
    store = make_store()
    store.drop()
    assert store.collection() is None


def test_chroma_that_is_away_names_the_command(make_store, changed, free_port):
    store = make_store(changed(chroma_port=free_port()))
    del store.__dict__["backend"]
    with pytest.raises(ServiceError, match="Chroma does not answer") as error:
        store.collection()
    assert "lab up" in error.value.hint
