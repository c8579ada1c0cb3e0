import pytest


def listed(api, **params):
    return api.get("/documents", params=params).json()


def ids(answer):
    return [document["id"] for document in answer["documents"]]


def one(text, name="a.md", **metadata):
    return {"documents": [{"id": name, "text": text, "metadata": metadata}]}


def test_the_number_of_stored_chunks_is_told(quick):
    answer = quick.post("/index", json=one("# A\n\n" + "Some words for a chunk. " * 100))
    assert (answer.status_code, answer.json()["status"], answer.json()["documents"]) == (200, "success", 1)
    assert answer.json()["indexed"] == listed(quick)["documents"][0]["chunks"] > 1


def test_the_same_id_replaces_a_document(quick):
    for text in ("Chroma listens on port 1.", "Chroma listens on port 8000."):
        assert quick.post("/index", json=one(text)).json()["indexed"] == 1
    assert ids(listed(quick)) == ["a.md"]
    answer = quick.post("/query", json={"query": "Which port does Chroma listen on?"}).json()
    assert [source["content"] for source in answer["sources"]] == ["Chroma listens on port 8000."]


def test_the_same_documents_again_change_nothing(filled):
    before = listed(filled)
    assert (
        filled.post("/index", json={"documents": [{"id": "notes", "text": "A named volume survives its container."}]}).json()["indexed"]
        == 1
    )
    assert listed(filled) == before


def test_new_metadata_replaces_the_old_one_wholly(quick):
    quick.post("/index", json=one("Chroma listens on port 8000.", year=2025, author="Ann"))
    quick.post("/index", json=one("Chroma listens on port 8000.", year=2026))
    assert listed(quick)["documents"][0]["metadata"] == {"year": 2026}
    assert listed(quick)["documents"][0]["chunks"] == 1


def test_a_document_that_cannot_be_used_does_not_stop_the_others(quick):
    sent = [{"id": "blank", "text": " \n"}, {"id": "good", "text": "Chroma listens on port 8000."}, {"id": "heading.md", "text": "# "}]
    answer = quick.post("/index", json={"documents": sent}).json()
    assert (answer["status"], answer["indexed"], answer["documents"]) == ("partial", 1, 1)
    assert {problem["id"] for problem in answer["problems"]} == {"blank", "heading.md"}
    assert ids(listed(quick)) == ["good"]


def test_when_no_document_can_be_used_it_is_no_success(quick):
    answer = quick.post("/index", json=one(" "))
    assert (answer.status_code, answer.json()["detail"]) == (422, "a.md: The text is empty.")


@pytest.mark.parametrize(
    "document",
    [
        {"text": "no id"},
        {"id": "a"},
        {"id": " ", "text": "a"},
        {"id": "a" * 201, "text": "a"},
        {"id": "a\x00", "text": "a"},
        {"id": "a", "text": None},
        {"id": "a", "text": "a", "title": "unknown"},
        {"id": "a", "text": "a", "metadata": {"nested": {"a": 1}}},
        {"id": "a", "text": "a", "metadata": {"listed": [1]}},
        {"id": "a", "text": "a", "metadata": {"none": None}},
        {"id": "a", "text": "a", "metadata": {"huge": 2**63}},
        {"id": "a", "text": "a", "metadata": {"$and": 1}},
    ],
)
def test_a_document_of_another_form_is_refused(quick, document):
    answer = quick.post("/index", json={"documents": [document]})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"][0]["field"].startswith("body.documents.0")


@pytest.mark.parametrize("field", ["source", "folder", "section", "script", "title", "position"])
def test_metadata_cannot_take_a_name_of_the_index(quick, field):
    answer = quick.post("/index", json=one("Some text.", **{field: "mine"}))
    assert (answer.status_code, f"The index keeps {field} itself" in answer.json()["detail"]) == (422, True)


def test_numbers_that_json_cannot_have_are_refused(quick):
    body = '{"documents": [{"id": "a", "text": "a", "metadata": {"x": %s}}]}'
    for number in ("NaN", "Infinity", "1e999"):
        assert quick.post("/index", content=body % number, headers={"Content-Type": "application/json"}).status_code == 422


def test_an_id_twice_in_one_call_is_refused(quick):
    answer = quick.post("/index", json={"documents": [{"id": "a", "text": "one"}, {"id": "a", "text": "two"}]})
    assert (answer.status_code, answer.json()["detail"]) == (422, "These ids stand there more than once: a.")


@pytest.mark.parametrize("documents", [[{"id": str(n), "text": "a"} for n in range(101)], [{"id": "a", "text": "a" * 500_001}]])
def test_too_much_for_one_call_names_the_queue(quick, documents):
    answer = quick.post("/index", json={"documents": documents})
    assert (answer.status_code, "/batch_index" in answer.json()["detail"]) == (413, True)


def test_pages_stay_in_place_while_documents_go(filled):
    page = listed(filled, limit=1)
    assert ids(page) == ["chroma.md"]
    filled.delete("/documents/chroma.md")
    rest = listed(filled, limit=5, cursor=page["next"])
    assert (ids(rest), rest["next"]) == (["notes", "ollama.md"], None)


def test_a_list_tells_what_documents_brought(filled):
    first, *_ = listed(filled)["documents"]
    assert first == {"id": "chroma.md", "folder": "(texts)", "title": "Chroma", "chunks": 1, "metadata": {"year": 2025, "draft": False}}


@pytest.mark.parametrize("cursor", ["x", "eA==", "W10=", "WzEsMiwzXQ=="])
def test_a_cursor_that_nobody_gave_is_refused(filled, cursor):
    assert filled.get("/documents", params={"cursor": cursor}).status_code == 422


def test_a_document_is_deleted_once(filled):
    assert filled.delete("/documents/notes").json() == {"status": "success", "id": "notes", "chunks": 1}
    assert filled.delete("/documents/notes").status_code == 404
    assert ids(listed(filled)) == ["chroma.md", "ollama.md"]


def test_an_id_with_slashes_can_be_deleted(quick):
    quick.post("/index", json=one("Some words.", "notes/2026/May 1.md"))
    assert quick.delete("/documents/notes/2026/May%201.md").json()["id"] == "notes/2026/May 1.md"


def test_what_was_deleted_answers_nothing_any_more(filled):
    filled.delete("/documents/chroma.md")
    answer = filled.post("/query", json={"query": "Which port does Chroma listen on?"}).json()
    assert "8000" not in str(answer["sources"])


def test_collections_are_apart(quick):
    quick.post("/index", json={**one("Redis listens on port 6379.", "redis"), "collection_name": "other"})
    assert ids(listed(quick, collection_name="other")) == ["redis"]
    assert quick.get("/documents").status_code == 404
    assert quick.delete("/documents/redis").status_code == 404
    assert quick.delete("/documents/redis", params={"collection_name": "other"}).status_code == 200


@pytest.mark.parametrize("name", ["ab", "a b c", "-abc", "abc.", "a..b", "127.0.0.1", "ボリューム", "a" * 513, ""])
def test_a_name_that_no_collection_can_have_is_refused(quick, name):
    assert quick.post("/index", json={**one("text"), "collection_name": name}).status_code == 422
    assert quick.post("/query", json={"query": "Why?", "collection_name": name}).status_code == 422
    assert quick.get("/documents", params={"collection_name": name}).status_code == 422
