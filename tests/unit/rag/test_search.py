import json

import pytest

from lab.errors import InputError

QUESTION = "Which port does Chroma listen on?"


@pytest.fixture
def searching(make_rag, changed, folder):
    """Gives a pipeline over the three documents with some settings changed."""

    def make(**values):
        rag = make_rag(changed(**values))
        rag.ingest(folder)
        return rag

    return make


def steps(rag, question=QUESTION, **asked) -> dict:
    return {step.name: step for step in rag.trace(question, **asked).steps}


@pytest.mark.parametrize(
    ("mode", "names"), [("dense", ["dense"]), ("keyword", ["keyword"]), ("hybrid", ["dense", "keyword", "fused (scores)"])]
)
def test_each_mode_finds_the_passage_by_its_own_stages(searching, mode, names):
    rag = searching(retrieval_mode=mode)
    assert rag.search(QUESTION)[0].section == "Ports"
    assert list(steps(rag)) == names


def test_reciprocal_rank_fusion_adds_the_inverse_places(searching):
    found = steps(searching(fusion="rrf"))
    dense, words = ([chunk for chunk, _ in found[name].order] for name in ("dense", "keyword"))
    best, score = found["fused (rrf)"].order[0]
    assert score == pytest.approx(1 / (21 + dense.index(best)) + 1 / (21 + words.index(best)))


def test_hits_found_by_words_alone_have_their_similarity_too(searching):
    by_words, by_both = (searching(retrieval_mode=mode).search(QUESTION)[0] for mode in ("keyword", "hybrid"))
    assert by_words.score == pytest.approx(by_both.score, abs=1e-5)
    assert by_words.cover == by_both.cover == 1


@pytest.mark.parametrize("mode", ["dense", "keyword", "hybrid"])
def test_a_filter_limits_every_mode(searching, mode):
    rag = searching(retrieval_mode=mode)
    found = rag.search("port volume folder", where={"source": ["volumes.md", "notes.txt"]})
    assert {hit.source for hit in found} == {"volumes.md", "notes.txt"}
    assert rag.search("port", where={"source": "ports.md", "section": "Ports > Ollama"})[0].text == "Ollama listens on port 11434."
    assert rag.search("port", where={"script": "japanese"}) == []


def test_an_unknown_field_is_an_error_with_the_known_ones(rag):
    with pytest.raises(InputError, match="no field author") as error:
        rag.search("port", where={"author": "x"})
    assert "source" in error.value.hint


@pytest.mark.parametrize("value", [[], None, 3, ["ports.md", None], [b"ports.md"]])
def test_a_filter_without_texts_is_refused(rag, value):
    with pytest.raises(InputError, match="The filter source needs at least one text") as error:
        rag.search("port", where={"source": value})
    assert 'where={"source"' in error.value.hint


def test_more_passages_than_there_are_gives_all(rag):
    assert len(rag.search("port", k=2**40)) == 4


def test_a_filter_that_lets_nothing_through_is_named(rag):
    answer = rag.ask(QUESTION, where={"source": "port.md", "script": ["latin", "other"]})
    assert answer.notes == ["No passage has source=port.md, script=latin or other."]
    assert not any("No passage has" in note for note in rag.ask(QUESTION, where={"source": "notes.txt"}).notes)


def test_all_rerank_candidates_are_read(searching, folder):
    for number in range(60):
        (folder / f"port{number}.md").write_text(f"# Port\n\nService {number} listens on port {number}.\n")
    rag = searching(rerank="llm", rerank_candidates=60, retrieval_mode="dense")
    rag.helps += [json.dumps({"score": 5})] * 60
    assert len(steps(rag)["reranked (llm)"].order) == 60


def test_what_the_filter_leaves_out_is_not_answered_from(rag):
    assert rag.ask(QUESTION, where={"source": "volumes.md"}).state == "refused"
    assert rag.ask(QUESTION, where={"source": "ports.md"}).state == "grounded"


def test_a_language_that_the_model_cannot_read_is_left_to_words(searching, folder):
    (folder / "日本語.md").write_text("# 保存\n\n名前付きボリュームのデータは削除しても残ります。\n", encoding="utf-8")
    rag = searching()
    trace = rag.trace("ボリュームのデータは残りますか？")
    assert [step.name for step in trace.steps] == ["keyword"]
    assert "all-minilm reads English only" in " ".join(trace.answer.notes)
    assert rag.search("ボリュームのデータは残りますか？")[0].source == "日本語.md"


def test_dense_search_in_a_language_that_the_model_cannot_read_says_so(searching):
    assert "may be chance" in " ".join(searching(retrieval_mode="dense").ask("コンテナのポートは？").notes)


def test_diversity_puts_repetition_behind(searching, folder):
    for number in range(3):
        (folder / f"twin{number}.md").write_text(f"# Ports\n\nChroma listens on port 8000{'.' * (number + 2)}\n")
    plain, mixed = (searching(diversity=value).search(QUESTION, k=3) for value in (0.0, 0.7))
    assert {hit.title for hit in plain} == {"Ports"}
    assert len({hit.source for hit in mixed} - {hit.source for hit in plain}) >= 1


def test_the_first_passage_stays_first_with_diversity(searching):
    assert searching(diversity=1.0).search(QUESTION)[0] == searching().search(QUESTION)[0]


def test_new_deleted_and_replaced_documents_are_searched_as_they_are(rag, folder):
    (folder / "volumes.md").write_text("# Volumes\n\nA zebra survives.\n")
    (folder / "notes.txt").unlink()
    rag.ingest(folder)
    assert rag.search("zebra")[0].text == "A zebra survives."
    assert not any("folder" in hit.text or "container" in hit.text for hit in rag.search("whole folder container", k=50))


def test_another_process_sees_what_was_ingested_meanwhile(rag, make_rag, folder):
    rag.search("port")
    (folder / "redis.md").write_text("# Redis\n\nRedis listens on port 6379.")
    make_rag(rag.settings).ingest(folder)
    assert rag.search("Redis port")[0].source == "redis.md"


def test_a_chunk_that_was_deleted_after_the_keyword_index_was_made_is_left_out(rag):
    collection = rag.store.collection()
    rag.search("port")
    gone = rag.search("volume")[0].id
    collection.delete([gone])
    found = [hit.id for hit in rag.search("volume")]
    assert found
    assert gone not in found


@pytest.mark.parametrize("mode", ["dense", "keyword", "hybrid"])
def test_a_chunk_that_was_added_by_hand_is_found_and_cited(searching, mode):
    rag = searching(retrieval_mode=mode)
    rag.store.collection().vectors.add_texts(["Redis listens on port 6379."], ids=["own"])
    rag.says = "Redis listens on port 6379."
    answer = rag.ask("Which port does Redis listen on?")
    assert (answer.state, answer.citations[0].document) == ("grounded", "(no source)")


def test_rewriting_searches_for_the_new_question(searching):
    rag = searching(query_transform="rewrite")
    rag.helps.append("1. Named volume survives")
    assert rag.search("What is kept?")[0].source == "volumes.md"


def test_several_wordings_are_fused(searching):
    rag = searching(query_transform="multi-query")
    rag.helps.append("1. Which port has Ollama?\n2. Is a named volume kept?\n")
    names = [step.name for step in rag.trace(QUESTION).steps]
    assert names.count("dense") == 3
    assert names[-1] == "all wordings fused"


def test_a_hypothetical_passage_is_searched_by_its_meaning(searching):
    rag = searching(query_transform="hyde", retrieval_mode="dense")
    rag.helps.append("A named volume survives its container.")
    hits = rag.search("What is kept?")
    assert hits[0].source == "volumes.md"
    assert hits[0].score < 0.9  # to the question itself, not to the passage that the model made up


def test_reranking_orders_anew_and_keeps_what_has_no_score_behind(searching):
    rag = searching(rerank="llm", rerank_candidates=3)
    before = [hit.id for hit in searching().search(QUESTION, k=3)]
    rag.helps += [json.dumps({"score": 1}), "nonsense", json.dumps({"score": 9})]
    assert [hit.id for hit in rag.search(QUESTION, k=3)] == [before[2], before[0], before[1]]


def test_timings_of_a_stage_are_there_when_it_was_used(searching):
    rag = searching(rerank="llm")
    rag.helps += [json.dumps({"score": 5})] * 8
    assert "rerank" in rag.ask(QUESTION).timings
