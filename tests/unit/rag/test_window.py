from dataclasses import replace

import pytest

from lab.rag.prompt import join
from lab.rag.retrieve import Hit
from lab.rag.window import joined, passages

LONG = "# Ports\n\n" + "\n\n".join(f"Paragraph {number} of this section says what number {number} is about." for number in range(12))


def hit(position, text, section="A"):
    return Hit(str(position), text, "a.md", section, "T", 0.5, 0.5, "docs", position)


@pytest.fixture
def searching(make_rag, changed, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "long.md").write_text(LONG + "\n\n## Other\n\nAnother section.\n")

    def make(**values):
        rag = make_rag(changed(chunk_size=120, **values))
        rag.ingest(tmp_path / "docs")
        return rag

    return make


def test_neighbours_stand_around_the_passage(searching):
    (best,) = searching(context_window="neighbours").search("Paragraph 6", k=1)
    places = [chunk.position for chunk in best.window]
    assert places == list(range(best.position - 2, best.position + 3))
    assert best.text == best.window[2].text


def test_a_section_ends_where_the_next_begins(searching):
    (best,) = searching(context_window="section", context_budget=10_000).search("Paragraph 0", k=1)
    assert {chunk.section for chunk in best.window} == {"Ports"}
    assert "number 11" in joined(best.window)


def test_a_window_keeps_to_the_filter(searching):
    rag = searching(context_window="neighbours")
    (free,), (kept,) = (rag.search("Another section", k=1, where=where) for where in (None, {"section": "Ports > Other"}))
    assert {chunk.section for chunk in free.window} == {"Ports", "Ports > Other"}
    assert {chunk.section for chunk in kept.window} == {"Ports > Other"}


def test_the_budget_keeps_the_nearest(searching):
    (best,) = searching(context_window="section", context_budget=400).search("Paragraph 6", k=1)
    assert 1 < len(best.window) < 6
    assert sum(len(chunk.text) for chunk in best.window) <= 400
    assert best.position in [chunk.position for chunk in best.window]


def test_a_citation_names_the_exact_chunk_and_not_the_window(searching):
    rag = searching(context_window="neighbours")
    rag.says = "Paragraph 7 of this section says what number 7 is about."
    answer = rag.ask("What does paragraph 7 of this section say about number 7?")
    assert "number 7" in answer.citations[0].text
    assert all(len(one.text) <= 120 for one in answer.citations)


def test_the_prompt_holds_the_window(searching):
    trace = searching(context_window="neighbours", top_k=1).trace("What does paragraph 6 of this section say about number 6?")
    assert "number 5" in trace.prompt
    assert "number 7" in trace.prompt


def test_what_two_chunks_share_is_written_once():
    shared = "and this part stands in both of them."
    assert joined([hit(0, f"One {shared}"), hit(1, f"{shared} Two")]) == f"A\nOne {shared} Two"


def test_a_new_section_has_its_heading():
    assert joined([hit(0, "One"), hit(1, "Two"), hit(2, "Three", "B")]) == "A\nOne\n\nTwo\n\nB\nThree"


def test_passages_are_hits_and_then_what_stood_around_them():
    one, two, three = hit(0, "One"), hit(1, "Two"), hit(2, "Three")
    wide = replace(two, window=(one, two, three))
    assert [chunk.id for chunk in passages([wide, three])] == ["1", "2", "0"]
    assert join([two]) == "A\nTwo"
