import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lab.rag.documents import load
from lab.settings import load_settings


def held(index) -> dict[str, str]:
    """Chunk ids and their texts, as the collection has them."""
    return {record["id"]: record["document"] for record in index.store.make().records("document")}


def sync(index, folder):
    return index.sync(load(folder, 5))


def test_the_first_ingest_adds_everything(make_index, folder):
    report = sync(make_index(), folder)
    assert (report.documents, report.chunks, report.added, report.embedded) == (3, 4, 3, 4)


def test_the_second_ingest_embeds_nothing(make_index, folder, fake):
    sync(make_index(), folder)
    fake.batches.clear()
    report = sync(make_index(), folder)
    assert (report.unchanged, report.embedded, report.chunks, fake.batches) == (3, 0, 4, [])


def test_a_changed_document_replaces_its_chunks(make_index, folder):
    sync(make_index(), folder)
    (folder / "volumes.md").write_text("# Volumes\n\nA bind mount shows a folder.\n")
    index = make_index()
    report = sync(index, folder)
    assert (report.changed, report.embedded) == (1, 1)
    assert not any("named volume" in text for text in held(index).values())


def test_unchanged_chunks_of_a_changed_document_are_not_embedded(make_index, folder):
    sync(make_index(), folder)
    with (folder / "ports.md").open("a") as file:
        file.write("\n## Jupyter\n\nJupyterLab listens on port 8888.\n")
    report = sync(make_index(), folder)
    assert (report.embedded, report.reused) == (1, 2)


def test_a_deleted_document_disappears(make_index, folder):
    sync(make_index(), folder)
    (folder / "ports.md").unlink()
    index = make_index()
    assert sync(index, folder).removed == 1
    assert not any("port 8000" in text for text in held(index).values())


def test_naming_one_file_leaves_the_others(make_index, folder):
    sync(make_index(), folder)
    index = make_index()
    sync(index, folder / "ports.md")
    assert len(held(index)) == 4


def test_another_folder_is_added(make_index, folder, tmp_path):
    sync(make_index(), folder)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "ports.md").write_text((folder / "ports.md").read_text())
    index = make_index()
    assert sync(index, tmp_path / "more").removed == 0
    assert len(held(index)) == 6


def test_a_document_that_cannot_be_read_now_keeps_its_chunks(make_index, folder):
    sync(make_index(), folder)
    (folder / "ports.md").write_bytes(b"\0")
    index = make_index()
    report = sync(index, folder)
    assert (report.removed, len(report.problems)) == (0, 1)
    assert any("port 8000" in text for text in held(index).values())


def test_a_document_without_text_is_reported(make_index, folder):
    (folder / "bare.md").write_text("# \n")
    report = sync(make_index(), folder)
    assert [problem.document for problem in report.problems] == ["bare.md"]


def test_another_chunk_size_splits_again(make_index, folder, settings):
    sync(make_index(), folder)
    other = load_settings(**{**settings.model_dump(), "chunk_size": 100})
    index = make_index(other)
    assert sync(index, folder).changed == 3
    assert index.store.make().about["chunk_size"] == 100


def test_a_chunk_that_is_too_long_is_split_and_reported(make_index, folder, fake):
    fake.reads = 12
    (folder / "long.md").write_text("# Long\n\n" + "ten words are in this text so that it fails. " * 2 + "\n")
    index = make_index()
    report = sync(index, folder)
    assert report.notes[0].startswith("long.md: a chunk was longer than all-minilm reads at once")
    assert sum("that it fails" in text or "fails." in text for text in held(index).values()) >= 2
    assert sync(make_index(), folder).unchanged == 4


def test_headings_that_are_too_long_alone_are_a_problem_and_the_rest_is_stored(make_index, folder, fake):
    fake.reads = 12
    (folder / "long.md").write_text(f"# {'so many words ' * 6}\n\nText below it that is cut in vain.\n")
    index = make_index()
    report = sync(index, folder)
    assert ([problem.document for problem in report.problems], report.notes) == (["long.md"], [])
    assert (report.documents, report.added, report.chunks, len(held(index))) == (3, 3, 4, 4)


def test_progress_counts_to_the_end(make_index, folder):
    seen = []
    make_index().sync(load(folder, 5), lambda done, total, document: seen.append((done, total)))
    assert seen[-1] == (4, 4)


def test_an_ingest_that_breaks_off_is_completed_by_the_next(make_index, folder, monkeypatch):
    index = make_index()
    monkeypatch.setattr("lab.rag.embed_stream.BATCH", 1)
    replace, calls = index._replace, []

    def break_off(*args):
        calls.append(args)
        if len(calls) >= 2:
            raise ConnectionError("gone")
        replace(*args)

    monkeypatch.setattr(index, "_replace", break_off)
    with pytest.raises(ConnectionError):
        sync(index, folder)
    report = sync(make_index(), folder)
    assert (report.unchanged + report.added, report.unchanged > 0, report.added > 0) == (3, True, True)
    assert len(held(make_index())) == 4


def test_an_ingest_that_breaks_off_after_its_last_write_is_noticed_by_the_next(make_rag, folder, monkeypatch):
    rag = make_rag()
    rag.ingest(folder)
    assert rag.search("survives")
    (folder / "volumes.md").write_text("# Volumes\n\nA named zebra survives its container.\n")

    def break_off(collection):
        make_rag().search("port")  # keeps a keyword index of this moment
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rag.store, "stamp", break_off)
        with pytest.raises(KeyboardInterrupt):
            rag.ingest(folder)
    before = rag.store.collection().about
    assert (rag.ingest(folder).unchanged, before["writing"]) == (3, True)
    after = rag.store.collection().about
    assert (after["changed_at"] > before["changed_at"], after["writing"]) == (True, False)


def test_half_a_document_is_made_whole(make_index, folder):
    index = make_index()
    sync(index, folder)
    index.store.make().delete([next(i for i, text in held(index).items() if "port 8000" in text)])
    assert sync(make_index(), folder).changed == 1
    assert len(held(index)) == 4


CONTENTS = st.dictionaries(
    st.sampled_from(["a.md", "b.md", "c.txt"]), st.sampled_from(["# A\n\none", "# A\n\ntwo\n\n## B\n\none", "one\n\ntwo" * 60])
)


@given(first=CONTENTS.filter(bool), second=CONTENTS.filter(bool))
@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_an_ingest_the_index_is_as_if_made_anew(make_index, settings, tmp_path_factory, first, second):
    folder = tmp_path_factory.mktemp("documents")
    make_index().store.drop()
    for contents in (first, second):
        for old in folder.iterdir():
            old.unlink()
        for name, text in contents.items():
            (folder / name).write_text(text)
        index = make_index()
        sync(index, folder)
    changed = held(index)
    index.store.drop()
    sync(index, folder)
    assert held(index) == changed
