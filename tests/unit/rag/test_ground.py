import numpy as np
import pytest

from lab.rag.ground import QUOTED, STRANGE, UNKNOWN, Evidence, cite, heading, holds
from lab.rag.retrieve import Hit, likeness
from lab.rag.words import Lexicon

PORTS = "Chroma listens on port 8000.\nOllama listens on port 11434.\nWhich port is free?"
VOLUMES = "Models in a named volume are not deleted with the container.\nWithout a volume, your models are deleted with the container."


def hit(text: str, source: str = "a.md", score: float = 0.6, cover: float = 1.0) -> Hit:
    return Hit(source, text, source, "Title > Section", "Title", score, cover)


@pytest.fixture
def evidence(make_embedder):
    def make(question: str, *texts: str) -> Evidence:
        embedder = make_embedder()
        hits = [hit(text, f"{place}.md") for place, text in enumerate(texts)]
        return Evidence(embedder.remembered, Lexicon([PORTS, VOLUMES]), question, embedder.embed_query(question), hits, "all-minilm")

    return make


def test_a_quote_begins_with_the_best_passage(evidence):
    assert evidence("Which port does Chroma use?", PORTS, VOLUMES).quote()[0].text == "Chroma listens on port 8000."


def test_sources_that_the_model_cannot_embed_support_nothing(evidence, fake):
    fake.reads = 6
    found = evidence("Which port?", "Chroma listens on port 8000 on every computer of this course.")
    ((_, source, _),) = found.check("Chroma has ports.")
    assert (found.vectors.size, found.covered(), source) == (0, False, None)


def test_a_heading_is_shortened_as_in_the_chunk():
    long = "A heading of many words " * 20 + "end"
    assert heading(Hit("a", "Text.", "a.md", f"Title > {long}", "Title", 0.5, 0.5)) == "…" + long[-160:]


def test_a_quote_is_short(evidence):
    assert len(evidence("port", *[f"Port {n} is a port." for n in range(9)]).quote()) == QUOTED


def test_questions_in_the_sources_are_not_quoted(evidence):
    assert all("free?" not in source.text for source in evidence("Which port is free?", PORTS).quote())


def test_both_cases_are_quoted_in_their_order(evidence):
    quote = evidence("Are my models deleted when I remove the container?", VOLUMES).quote()
    assert [source.text.split()[0] for source in quote] == ["Models", "Without"]


@pytest.mark.parametrize(
    ("draft", "supported"),
    [
        ("Chroma listens on port 8000.", True),
        ("Chroma listens on port 8001.", False),
        ("Chroma does not listen on port 8000.", False),
        ("Chroma listens on port 8000 with `--port`.", False),
        ("The weather is fine today.", False),
        ("Which port?", None),
    ],
)
def test_a_sentence_is_supported_or_not(evidence, draft, supported):
    found = evidence("Which port does Chroma listen on?", PORTS, VOLUMES).check(draft)
    assert [source is not None for _, source, _ in found] == ([] if supported is None else [supported])


def test_sources_that_contradict_each_other_support_nothing(evidence):
    ((_, source, _),) = evidence("Are my models deleted with the container?", VOLUMES).check("Your models are deleted with the container.")
    assert source is None


def test_saying_the_question_again_is_no_answer(evidence):
    ((_, source, _),) = evidence("Where does Chroma listen?", "Chroma listens.").check("Chroma listens.")
    assert source is None


@pytest.mark.parametrize("draft", ["コンテナが再起動を繰り返す。", "Title > Section.", "8000."])
def test_a_repetition_a_heading_or_a_piece_is_no_answer(evidence, draft):
    text = "コンテナが再起動を繰り返す。原因はログにある。\n8000."
    ((_, source, _),) = evidence("コンテナがずっと再起動を繰り返す。原因はどこ？", text).check(draft)
    assert source is None


def test_a_yes_that_disagrees_with_its_sentence_is_not_supported(evidence):
    text = "Chroma does not listen on port 11434."
    ((_, source, _),) = evidence("Does Chroma listen on port 11434?", text).check(f"Yes, {text}")
    assert source is None


def test_a_repeated_sentence_is_checked_once(evidence):
    assert len(evidence("port", PORTS).check("Chroma is here. " * 5)) == 1


def test_passages_without_sentences_support_nothing(evidence):
    bare = evidence("port", "```\ncode\n```")
    assert bare.quote() == []
    assert bare.check("Chroma listens.") == [("Chroma listens.", None, 0.0)]


def test_citations_are_numbered_as_they_are_needed(evidence):
    found = evidence("port", "Nothing here.", PORTS)
    told, citations = cite([(source.text, source, 1.0) for source in found.sources if source.hit == 1], found.hits)
    assert [sentence.citation for sentence in told] == [1, 1]
    assert [(c.number, c.document) for c in citations] == [(1, "1.md")]


def with_cover(evidence, question: str, *covers: float) -> Evidence:
    made = evidence(question, *[PORTS] * len(covers))
    made.hits = [hit(PORTS, cover=cover) for cover in covers]
    return made


def test_what_the_documents_say_is_covered(evidence):
    assert with_cover(evidence, "Which port does Chroma listen on?", 1.0).covered()


def test_what_no_sentence_is_near_to_is_not_covered(evidence):
    assert not with_cover(evidence, "Who won the football match?", 0.0).covered()


def test_an_unknown_number_asks_for_more(evidence):
    known, unknown = (with_cover(evidence, f"Is it port {port}?", 0.5) for port in (8000, 4711))
    lost = known.coverage() - unknown.coverage()
    assert lost >= UNKNOWN - 0.05


def test_an_unknown_name_asks_for_more(evidence):
    known, unknown = (with_cover(evidence, f"Which port does {name} use?", 0.5) for name in ("Chroma", "Kafka"))
    assert known._unknown() == 0
    assert unknown._unknown() == STRANGE


def test_no_passage_covers_nothing(evidence):
    assert not evidence("Which port?").covered()


def test_passages_of_code_only_are_judged_by_their_own_similarity(evidence):
    made = evidence("port", "```\ncode\n```")
    assert made.coverage() == pytest.approx(0.6 + 0.5)


@pytest.mark.parametrize(("cover", "expected"), [(0.9, True), (0.1, False)])
def test_words_alone_decide_where_the_model_cannot_read_the_question(evidence, cover, expected):
    assert with_cover(evidence, "ポートは何番ですか。", cover).covered() is expected


def test_one_scale_serves_models_whose_similarities_are_all_high():
    near = [hit(PORTS, score=0.9, cover=0.0), hit(PORTS, score=0.6, cover=0.0)]
    assert near[0].rank > near[1].rank
    assert likeness(0.75, 0.75) == 0
    assert likeness(1.0, 0.75) == 1


@pytest.mark.parametrize(("supported", "expected"), [([], False), ([True], True), ([True, False], True), ([True, False, False], False)])
def test_a_draft_holds_when_half_of_it_is_supported(evidence, supported, expected):
    source = evidence("port", PORTS).sources[0]
    assert holds([("text", source if one else None, 1.0) for one in supported]) is expected


def test_support_is_a_share(evidence):
    found = evidence("port", PORTS, VOLUMES).check("Chroma listens on port 8000. Nothing like it.")
    assert all(0 <= support <= 1 for *_, support in found)
    assert np.isfinite([support for *_, support in found]).all()
