import ollama
import pytest

from lab.errors import ModelError, ServiceError
from lab.rag.answer import Answer
from lab.rag.generate import Draft, Generator
from lab.rag.pipeline import Rag
from lab.rag.retrieve import Hit
from lab.settings import load_settings

QUESTION = "Are my models deleted when I remove the container?"


def test_the_first_question_is_answered_with_its_citation(handbook):
    answer = handbook.ask(QUESTION)
    assert answer.state in ("grounded", "quoted")
    assert "not deleted" in answer.answer
    assert answer.citations[0].document == "volumes.md"
    assert answer.citations[0].section.endswith(QUESTION)


def test_every_sentence_of_a_quote_stands_in_its_source(handbook):
    answer = handbook.ask(QUESTION)
    sources = {citation.number: citation.text for citation in answer.citations}
    assert all(sentence.text in sources[sentence.citation] for sentence in answer.sentences)


def test_what_the_documents_do_not_hold_is_refused(handbook):
    answer = handbook.ask("What is the capital of Portugal?")
    assert (answer.state, answer.citations, answer.timings["generate"]) == ("refused", [], 0)


def test_a_stream_gives_the_draft_and_then_the_answer(handbook):
    *pieces, answer = handbook.stream("Which port does Chroma listen on?")
    assert len(pieces) > 3
    assert isinstance(answer, Answer)
    assert "8000" in answer.answer


def test_the_pipeline_itself_costs_little(handbook):
    handbook.ask(QUESTION)
    times = handbook.ask(QUESTION).timings
    assert times["total"] - times["embed"] - times["search"] - times["generate"] < 50


def test_japanese_questions_are_answered_from_japanese_text(make_rag, tmp_path):
    (tmp_path / "コンテナ.md").write_text(
        "# コンテナとデータ\n\nコンテナを削除しても、名前付きボリュームのデータは残ります。\n\n"
        "## ポート\n\nChromaはポート8000で待ち受けます。\n",
        encoding="utf-8",
    )
    rag = make_rag(collection="rag-japanese")
    rag.ingest(tmp_path)
    answer = rag.ask("コンテナを削除するとデータは消えますか？")
    assert "名前付きボリュームのデータは残ります。" in answer.answer
    assert rag.ask("ポルトガルの首都はどこですか？").state == "refused"


def test_an_unknown_chat_model_names_the_command_that_gets_it(handbook, make_rag):
    rag = make_rag(collection=handbook.settings.collection, chat_model="nowhere")
    with pytest.raises(ModelError, match="The model nowhere is not in the model server's store"):
        rag.ask(QUESTION)


LONG = Hit("id", "A volume keeps the data of its container. " * 150, "a.md", "A", "A", 0.9, 1.0)


def test_a_prompt_that_was_cut_is_noted(running_lab):
    ollama.Client(running_lab.ollama_host).create("cutter", from_="smollm2:135m", template="{{ .Prompt }}")
    settings = load_settings(**{**running_lab.model_dump(), "chat_model": "cutter", "num_ctx": 512, "num_predict": 8})
    *_, draft = Generator(settings).stream("What does a volume keep?", [LONG])
    assert isinstance(draft, Draft)
    assert "The prompt was cut" in draft.unread


def test_a_prompt_that_the_server_refuses_names_the_settings(running_lab):
    settings = load_settings(**{**running_lab.model_dump(), "num_ctx": 512})
    with pytest.raises(ModelError, match="longer than smollm2:135m reads at once") as error:
        list(Generator(settings).stream("What does a volume keep?", [LONG]))
    assert "NUM_CTX" in error.value.hint


def test_an_embedding_model_cannot_chat(handbook, make_rag):
    rag = make_rag(collection=handbook.settings.collection, chat_model="all-minilm")
    with pytest.raises(ModelError, match="all-minilm cannot be used for chat"):
        rag.ask(QUESTION)


def test_an_engine_killed_in_mid_answer_is_an_error_with_the_next_action(handbook, engine):
    server, settings = engine
    rag = Rag.open(load_settings(**{**settings.model_dump(), "collection": handbook.settings.collection, "num_predict": 1000}))
    pieces = rag.stream("What happens when my prompt is longer than the context?")
    next(pieces)
    server.kill()
    with pytest.raises(ServiceError, match="broke off in the middle of its answer") as error:
        list(pieces)
    assert "lab up" in error.value.hint


def test_an_engine_that_is_away_is_an_error_with_its_address(handbook, make_rag, free_port):
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ServiceError, match=f"does not answer at {address}"):
        make_rag(collection=handbook.settings.collection, ollama_host=address).ask(QUESTION)
