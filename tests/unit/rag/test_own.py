"""Fields that documents bring: what passes a filter is the same for the vector store and for the keyword index."""

import json
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document

from lab.errors import InputError
from lab.rag.keyword_index import KeywordIndex
from lab.rag.own import kept, own, written
from lab.rag.search import checked
from lab.rag.stores.chroma import ChromaBackend
from lab.rag.stores.memory import MemoryBackend
from lab.settings import load_settings

NAMES = count()
LARGEST = 2**63 - 1
values = st.one_of(
    st.booleans(),
    st.integers(-LARGEST, LARGEST),
    st.sampled_from([0, 1, 1.0, 1.5, -0.0, 1e300, 5e-324, "", "1", "true", "null", "a b", '"']),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5),
)
fields = st.sampled_from(["year", "author", "x_1", "draft"])
brought = st.dictionaries(fields, values, max_size=3)
sources = st.sampled_from(["a.md", "b.md", "c"])
documents = st.lists(st.tuples(sources, brought), min_size=1, max_size=8)


def same(one, other):
    """Equal as JSON has it: numbers are numbers, and true is none of them."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def passes(source, about, where):
    given = {**about, "source": source}
    return all(name in given and any(same(given[name], value) for value in wanted) for name, wanted in where.items())


@pytest.fixture(scope="module")
def backends(request):
    import chromadb

    own = load_settings(collection="unused")
    return [MemoryBackend(None), ChromaBackend(own, None, chromadb.EphemeralClient())]


@pytest.mark.parametrize("place", [0, 1], ids=["memory", "chroma"])
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents=documents, data=st.data())
def test_both_ways_of_retrieval_let_the_same_documents_through(backends, place, documents, data):
    collection = backends[place].make(f"filters-{next(NAMES)}", {"made": "for this"})
    chunks = [
        Document(id=str(n), page_content=f"word {n}", metadata={"source": source, **kept(about)})
        for n, (source, about) in enumerate(documents)
    ]
    collection.add(chunks, {chunk.page_content: [1.0, float(n)] for n, chunk in enumerate(chunks)})
    there = {field: [about[field] for _, about in documents if field in about] for field in ("year", "author", "x_1", "draft")}
    there["source"] = [source for source, _ in documents]
    usable = sorted(field for field, found in there.items() if found)
    chosen = data.draw(st.lists(st.sampled_from(usable), unique=True, max_size=3))
    drawn = {field: st.sampled_from(there[field]) | (sources if field == "source" else values) for field in chosen}
    wanted = {field: data.draw(st.lists(each, min_size=1, max_size=3)) for field, each in drawn.items()}
    expected = {str(n) for n, (source, about) in enumerate(documents) if passes(source, about, wanted)}
    where = checked(wanted)
    index = KeywordIndex.build([], collection.records("document", "metadata"))
    assert {document.id for document, _ in collection.nearest([1.0, 0.0], len(chunks), where)} == expected
    assert {chunk for chunk, _ in index.search("word", len(chunks), where)} == expected
    assert {record["id"] for record in collection.records(where=where)} == expected


@given(brought)
def test_what_a_document_brought_comes_back(about):
    again = own({**kept(about), "source": "a.md", "version": "1"})
    assert set(again) == set(about)
    assert all(same(again[name], about[name]) for name in about)


def test_equal_numbers_are_kept_alike():
    assert written(1) == written(1.0) != written(True)
    assert written(0.0) == written(-0.0) == "0"
    assert json.loads(written(2.0**70)) == 2.0**70


@pytest.mark.parametrize("name", ["source", "folder", "section", "script", "title", "position", "", "$and", "a b", "1st", "a" * 65])
def test_a_name_that_cannot_be_kept_is_refused(name):
    with pytest.raises(InputError):
        kept({name: "x"})


@pytest.mark.parametrize("value", [None, [1], {"a": 1}, b"x"])
def test_a_value_that_cannot_be_kept_is_refused(value):
    with pytest.raises(InputError, match="year"):
        kept({"year": value})
