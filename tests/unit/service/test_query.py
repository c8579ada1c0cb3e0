import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.rag.retrieve import Hit
from lab.service.models import SearchResult

ASKED = "Which port does Chroma listen on?"


def query(api, text=ASKED, **options):
    return api.post("/query", json={"query": text, **options})


def sources(answer):
    return [one["metadata"]["source"] for one in answer.json()["sources"]]


def test_an_answer_has_its_sources_and_times(filled):
    answer = query(filled).json()
    assert (answer["answer"], answer["state"], answer["cached"]) == ("Chroma listens on port 8000.", "grounded", False)
    first = answer["sources"][0]
    assert (first["content"], first["cited"]) == ("Chroma listens on port 8000.", True)
    assert first["metadata"] == {
        "source": "chroma.md",
        "section": "Chroma",
        "title": "Chroma",
        "folder": "(texts)",
        "year": 2025,
        "draft": False,
    }
    assert set(answer["timings"]) == {"embed", "search", "generate", "ground", "total"}
    assert answer["processing_time"] == pytest.approx(answer["timings"]["total"] / 1000)


def test_a_question_that_nothing_answers_is_refused_with_what_was_near(filled):
    answer = query(filled, "Who won the elections in Portugal?").json()
    assert (answer["state"], any(one["cited"] for one in answer["sources"])) == ("refused", False)


@pytest.mark.parametrize(
    ("top_k", "status"), [(0, 422), (-1, 422), (1, 200), (50, 200), (51, 422), (10**9, 422), ("5", 422), (True, 422), (1.5, 422)]
)
def test_top_k_has_bounds(filled, top_k, status):
    assert query(filled, top_k=top_k).status_code == status


def test_top_k_is_the_number_of_sources(filled):
    assert [len(query(filled, top_k=k).json()["sources"]) for k in (1, 2)] == [1, 2]


@pytest.mark.parametrize("text", ["", "  ", "why " * 600, None, 7, "a\x00b"])
def test_a_question_that_cannot_be_asked_is_refused(filled, text):
    assert query(filled, text).status_code == 422


def test_a_misspelt_option_is_refused(filled):
    answer = query(filled, topk=3)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.topk")


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"source": "chroma.md"}, {"chroma.md"}),
        ({"source": ["chroma.md", "ollama.md"]}, {"chroma.md", "ollama.md"}),
        ({"year": 2026}, {"ollama.md"}),
        ({"year": 2026.0}, {"ollama.md"}),
        ({"year": [2025, "x", True]}, {"chroma.md"}),
        ({"year": "2026"}, set()),
        ({"draft": False}, {"chroma.md"}),
        ({"draft": 0}, set()),
        ({"folder": "(texts)", "author": "Ann"}, {"ollama.md"}),
        ({"section": "Chroma", "year": 2026}, set()),
        ({}, {"chroma.md", "ollama.md", "notes"}),
        (None, {"chroma.md", "ollama.md", "notes"}),
    ],
)
def test_filters_limit_the_sources(filled, filters, found):
    assert set(sources(query(filled, filters=filters))) == found


@pytest.mark.parametrize(
    "filters",
    [
        {"$or": []},
        {"a": {"$gt": 1}},
        {"year": []},
        {"year": None},
        {"year": [None]},
        {"year": 2**70},
        {"source": 7},
        [],
        "source",
        {"a" * 65: 1},
    ],
)
def test_a_filter_of_another_form_is_refused(filled, filters):
    answer = query(filled, filters=filters)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.parametrize("field", ["version", "of", "text_sha256", "position", "title", "autor"])
def test_a_field_that_no_document_brought_cannot_be_filtered_by(filled, field):
    answer = query(filled, filters={field: "a"})
    assert (answer.status_code, answer.json()["detail"]) == (422, f"Chunks have no field {field} to filter by.")


def test_a_collection_that_is_not_there_is_not_found(filled):
    answer = query(filled, collection_name="nowhere")
    assert (answer.status_code, "nowhere" in answer.json()["detail"]) == (404, True)


def test_another_collection_is_asked_by_its_name(filled):
    sent = {"documents": [{"id": "redis", "text": "Redis listens on port 6379."}], "collection_name": "other"}
    filled.post("/index", json=sent)
    assert sources(query(filled, "Which port does Redis listen on?", collection_name="other")) == ["redis"]
    assert "redis" not in sources(query(filled, "Which port does Redis listen on?"))


@given(st.floats(-1.5, 1.5))
def test_a_score_is_a_similarity(cosine):
    score = SearchResult.of(Hit("id", "text", "a.md", "", "", cosine, 0.0)).score
    assert 0 <= score <= 1
    assert score == pytest.approx(cosine, abs=1e-6) or not 0 <= cosine <= 1


def test_the_text_itself_scores_best(filled):
    first, *others = query(filled, "Chroma Chroma listens on port 8000.").json()["sources"]
    assert first["score"] > 0.99 > max(one["score"] for one in others)


def test_answers_and_tokens_are_counted(api):
    for _ in range(2):
        api.post("/rag", json={"query": "Does it stay?"}, headers={"Cache-Control": "no-store"})
    counts = api.get("/metrics").text
    assert 'rag_answers_total{state="grounded"} 2.0' in counts
    assert 'rag_llm_tokens_total{type="prompt"} 60.0' in counts
    assert 'rag_llm_tokens_total{type="completion"} 8.0' in counts
