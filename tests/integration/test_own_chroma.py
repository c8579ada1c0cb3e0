"""A lesson's own Chroma: stopped and started with its data, gone with it."""

import httpx
import pytest

from lab.course.own_chroma import OwnChroma


@pytest.fixture
def chroma():
    own = OwnChroma()
    yield own.start()
    own.remove()


def test_what_is_stored_outlives_a_stop(chroma):
    import chromadb

    client = chromadb.HttpClient(host="127.0.0.1", port=chroma.port)
    client.create_collection("notes").add(ids=["a"], embeddings=[[1.0, 2.0]])
    chroma.stop()
    with pytest.raises(httpx.ConnectError):
        client.heartbeat()
    chroma.start()
    assert client.get_collection("notes").count() == 1


def test_removed_means_gone(chroma):
    folder = chroma._folder
    assert any(folder.iterdir())
    chroma.remove()
    assert not folder.exists()
    assert repr(chroma) == "<OwnChroma: stopped>"


def test_a_second_start_changes_nothing(chroma):
    process = chroma._process
    assert chroma.start()._process is process
