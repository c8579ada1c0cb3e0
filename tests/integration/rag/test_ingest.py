from collections import Counter

import pytest

from lab.errors import ModelError, ServiceError, SettingError
from lab.rag.embed import BATCH


@pytest.fixture
def requests_of():
    """Counts a pipeline's requests to /api/embed from now on."""

    def watch(rag) -> list:
        seen = []
        rag.embedder.client._client.event_hooks["request"].append(
            lambda request: seen.append(request) if "embed" in request.url.path else None
        )
        return seen

    return watch


def test_a_second_ingest_asks_for_no_vector(make_rag, folder, requests_of):
    rag = make_rag()
    first = rag.ingest(folder)
    seen = requests_of(rag)
    again = rag.ingest(folder)
    assert first.embedded == first.chunks > 20
    assert (again.unchanged, again.embedded, seen) == (5, 0, [])
    assert again.seconds < 0.2 * first.seconds


def test_changed_and_deleted_documents_are_followed(make_rag, folder):
    rag = make_rag()
    rag.ingest(folder)
    (folder / "volumes.md").unlink()
    with (folder / "chunking.md").open("a") as file:
        file.write("\n## The zebra rule\n\nA zebra chunk has exactly 4,711 stripes.\n")
    report = rag.ingest(folder)
    assert (report.removed, report.changed, report.embedded) == (1, 1, 1)
    assert rag.search("How many stripes has a zebra chunk?")[0].section.endswith("The zebra rule")
    assert "volumes.md" not in {hit.source for hit in rag.search("Is a named volume deleted?", k=50)}


def test_bad_documents_are_reported_and_the_rest_is_indexed(make_rag, folder):
    (folder / "empty.md").write_text("")
    (folder / "binary.md").write_bytes(b"\x89PNG\0\0")
    (folder / "latin.md").write_bytes("Übung".encode("latin-1"))
    (folder / "huge.md").write_text("word " * 300_000)
    (folder / "z-copy.md").write_bytes((folder / "volumes.md").read_bytes())
    report = make_rag(max_document_mb=1).ingest(folder)
    assert {problem.document for problem in report.problems} == {"empty.md", "binary.md", "latin.md", "huge.md", "z-copy.md"}
    assert report.added == 5


def test_text_that_the_model_cannot_read_whole_is_split_and_found(make_rag, tmp_path):
    (tmp_path / "codes.md").write_text("# Codes\n\n" + " ".join(f"x{n:04x}-{n * 7919 % 9973}" for n in range(60)) + " zebra4711\n")
    rag = make_rag(collection="rag-long-codes")
    report = rag.ingest(tmp_path)
    assert "longer than all-minilm reads at once" in report.notes[0]
    collection = rag.store.make()
    assert any("zebra4711" in record["document"] for record in collection.records("document"))


def test_chroma_killed_during_an_ingest_loses_nothing(make_rag, chroma, wait_until):
    with chroma() as (server, settings):
        rag = make_rag(**{**settings.model_dump()})

        def kill_once_something_is_stored(done, total, document):
            if 2 * BATCH < done < total:
                wait_until(lambda: rag.store.make().count(), "a stored chunk")
                server.kill()

        with pytest.raises(ServiceError, match="Chroma does not answer") as error:
            rag.ingest(on_progress=kill_once_something_is_stored)
        assert "lab up" in error.value.hint
    with chroma() as (server, settings):
        rag = make_rag(**{**settings.model_dump()})
        kept = {record["id"] for record in rag.store.make().records()}
        report = rag.ingest()
        records = list(rag.store.make().records("metadata"))
    assert kept <= {record["id"] for record in records}
    assert 0 < report.embedded < report.chunks == len(records)
    of = {record["metadata"]["source"]: record["metadata"]["of"] for record in records}
    assert Counter(record["metadata"]["source"] for record in records) == of


def test_another_embedding_model_is_refused(make_rag, folder):
    name = make_rag().settings.collection
    make_rag(collection=name).ingest(folder)
    with pytest.raises(SettingError, match="made with all-minilm, and EMBED_MODEL is smollm2:135m"):
        make_rag(collection=name, embed_model="smollm2:135m").ask("Which port?")


def test_a_chat_model_cannot_embed(make_rag, folder):
    with pytest.raises(ModelError, match="smollm2:135m cannot be used for embeddings") as error:
        make_rag(embed_model="smollm2:135m").ingest(folder)
    assert "EMBED_MODEL" in error.value.hint


def test_an_unknown_model_names_the_command_that_gets_it(make_rag, folder):
    with pytest.raises(ModelError, match="nowhere is not in the model server's store") as error:
        make_rag(embed_model="nowhere").ingest(folder)
    assert "lab-engine pull nowhere" in error.value.hint


def test_langchain_reads_the_same_collection(make_rag, folder):
    from langchain_chroma import Chroma

    rag = make_rag()
    rag.ingest(folder)
    store = Chroma(rag.settings.collection, rag.embedder, client=rag.store.backend.client)
    (document,) = store.similarity_search("Are models in a named volume deleted with the container?", k=1)
    assert document.metadata["source"] == "volumes.md"
