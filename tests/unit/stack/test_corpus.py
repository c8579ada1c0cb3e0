"""The index is made anew exactly when documents or the settings that decide about it change."""

import os

import pytest

from lab.rag.documents import load
from lab.settings import ROOT, folder_label
from lab.stack.corpus import COLLECTION, digest, is_indexed


@pytest.fixture
def handbook(settings, tmp_path):
    """Settings with a corpus of one document."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("text")
    return settings.model_copy(update={"corpus": tmp_path / "docs"})


def chroma(settings, ids):
    """Answers of a Chroma whose collection holds these records of the corpus."""
    return {COLLECTION + settings.collection: {"id": "1"}, f"{COLLECTION}1/get": {"ids": ids}}


def test_nothing_changed_gives_the_same_digest(handbook):
    assert digest(handbook) == digest(handbook)


@pytest.mark.parametrize("change", ["new", "edit", "touch", "delete"])
def test_a_change_of_documents_changes_it(handbook, change):
    before, document = digest(handbook), handbook.corpus / "a.md"
    match change:
        case "new":
            (handbook.corpus / "b.md").write_text("")
        case "edit":
            document.write_text("another text")
        case "touch":
            os.utime(document, (1, 1))
        case "delete":
            document.unlink()
    assert digest(handbook) != before


@pytest.mark.parametrize(
    "change", [{"embed_model": "x"}, {"chunk_size": 300}, {"chunk_overlap": 1}, {"collection": "other"}, {"vector_store": "memory"}]
)
def test_a_change_of_its_settings_changes_it(handbook, change):
    assert digest(handbook.model_copy(update=change)) != digest(handbook)


def test_a_change_of_the_chat_model_does_not(handbook):
    assert digest(handbook.model_copy(update={"chat_model": "x"})) == digest(handbook)


def test_an_index_that_was_removed_is_made_again(handbook, stand_in):
    stand_in({}, handbook.chroma_port)
    assert not is_indexed(handbook, digest(handbook))


def test_an_index_that_is_there_and_current_is_left_alone(handbook, stand_in):
    stand_in(chroma(handbook, ["record"]), handbook.chroma_port)
    assert is_indexed(handbook, digest(handbook))
    assert not is_indexed(handbook, "older")


def test_a_collection_that_now_holds_other_folders_only_is_completed(handbook, stand_in):
    stand_in(chroma(handbook, []), handbook.chroma_port)
    assert not is_indexed(handbook, digest(handbook))


@pytest.mark.parametrize("folder", [ROOT / "corpus", None])
def test_the_folder_is_asked_for_by_the_name_that_ingesting_gives_it(tmp_path, folder):
    assert folder_label(folder or tmp_path) == load(folder or tmp_path, 5).folder


def test_a_store_without_a_server_is_taken_at_its_word(handbook):
    embedded = handbook.model_copy(update={"vector_store": "chroma-embedded"})
    assert is_indexed(embedded, digest(embedded))
    assert not is_indexed(embedded, "older")


def test_a_store_that_forgets_is_not_filled_at_the_start(handbook):
    assert is_indexed(handbook.model_copy(update={"vector_store": "memory"}), "")
