import json

import pytest

QUESTION = "Which port does Chroma listen on?"


@pytest.fixture
def trace(rag):
    return rag.trace(QUESTION)


def test_every_stage_is_there_with_its_scores_and_times(trace):
    assert [step.name for step in trace.steps] == ["dense", "keyword", "fused (scores)"]
    assert all(step.order and step.milliseconds >= 0 for step in trace.steps)


def test_it_can_be_read(trace):
    lines = str(trace).split("\n")
    assert lines[0] == f"question: {QUESTION}"
    assert any(line.startswith("   1.") and line.endswith("ports.md, Ports") for line in lines)
    assert "prompt (500 tokens):" in lines
    assert "Chroma listens on port 8000. [1]" in lines


def test_every_chunk_that_is_shown_has_its_place(rag):
    rag.settings = rag.retriever.settings = rag.settings.model_copy(update={"retrieval_mode": "keyword", "top_k": 1})
    assert all(
        row["where"].startswith(("ports.md", "volumes.md", "notes")) for row in rag.trace("port container").to_dict()["steps"][0]["order"]
    )


def test_it_is_data_for_scripts(trace):
    data = json.loads(json.dumps(trace.to_dict()))
    assert data["steps"][0]["order"][0]["where"] == "ports.md, Ports"
    assert (data["prompt_tokens"], "Question: Which port" in data["prompt"]) == (500, True)


def test_a_notebook_shows_tables_with_escaped_text(rag, folder):
    (folder / "odd.md").write_text("# Chroma <b>port</b>\n\nChroma listens on <script>alert(1)</script>.\n")
    rag.ingest(folder)
    page = rag.trace(QUESTION)._repr_html_()
    assert "<table" in page
    assert "<script>" not in page
    assert "<b>port" not in page


def test_a_refused_question_has_a_trace_without_a_prompt(rag):
    trace = rag.trace("Who won the football match yesterday?")
    assert (trace.prompt, trace.answer.state) == ("", "refused")
