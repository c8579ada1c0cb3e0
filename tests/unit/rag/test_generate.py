import httpx
import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import RunnableGenerator

from lab.errors import ServiceError
from lab.rag.generate import Draft, Generator, at_least
from lab.rag.prompt import join, prompt
from lab.rag.retrieve import Hit

HIT = Hit("id", "Chroma listens on port 8000.", "ports.md", "Ports", "Ports", 0.9, 1.0)


@pytest.fixture
def writing(settings):
    """A generator whose model writes these pieces and then reports these counters."""

    def make(*pieces: str, read: int = 500, error: Exception | None = None, **end: object) -> Generator:
        def write(values):
            for _ in values:
                yield from (AIMessageChunk(piece) for piece in pieces)
                if error:
                    raise error
                usage = {"input_tokens": read, "output_tokens": 9, "total_tokens": read + 9}
                yield AIMessageChunk("", response_metadata=end, usage_metadata=usage)

        generator = Generator(settings)
        generator.__dict__["chain"] = RunnableGenerator(write)
        return generator

    return make


def draft_of(generator: Generator) -> Draft:
    return list(generator.stream("Which port?", [HIT]))[-1]


def test_pieces_come_first_and_the_draft_last(writing):
    *pieces, draft = writing("Port ", "8000.", done=True, done_reason="stop").stream("Which port?", [HIT])
    assert pieces == ["Port ", "8000."]
    assert (draft.text, draft.unread, draft.unfinished) == ("Port 8000.", "", "")
    assert (draft.prompt.split("\n")[:2], draft.prompt_tokens) == (["Ports", "Chroma listens on port 8000."], 500)


def test_a_cut_prompt_is_noted(writing):
    assert "The prompt was cut: it has at least" in draft_of(writing("x", read=5, done=True)).unread


def test_a_cut_answer_is_noted(writing):
    assert "cut at 9 tokens: NUM_PREDICT is 160" in draft_of(writing("x", done=True, done_reason="length")).unfinished


def test_a_stream_without_an_end_is_an_error(writing):
    with pytest.raises(ServiceError, match="broke off in the middle"):
        draft_of(writing("Port "))


def test_a_server_that_goes_away_is_an_error(writing):
    with pytest.raises(ServiceError, match="broke off in the middle"):
        draft_of(writing("Port ", error=httpx.RemoteProtocolError("gone")))


def test_options_that_change_answers_are_all_set(settings):
    model = Generator(settings).chain.last
    assert (model.temperature, model.num_ctx, model.num_predict, model.repeat_penalty) == (0, 2048, 160, 1.0)
    assert model.client_kwargs["timeout"] == settings.request_timeout


def test_an_edited_prompt_is_used_by_the_next_question(changed, tmp_path):
    generator = Generator(changed(prompts=str(tmp_path)))
    filled = []
    for text in ("{question} {context}", "Answer {question} from {context}"):
        (tmp_path / "answer.txt").write_text(text)
        filled.append(generator.chain.first.invoke({"question": "Q", "context": "C"}).to_string())
    assert filled == ["Human: Q C", "Human: Answer Q from C"]


def test_the_prompt_has_passages_as_plain_text(settings):
    filled = prompt(settings, "answer").format(context=join([HIT, HIT]), question="Which port?")
    assert "Ports\nChroma listens on port 8000.\n\nPorts\n" in filled
    assert "Document(" not in filled


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("two words", 2), ("num_ctx=4", 3), ("日本語の文章です", 2)])
def test_the_least_number_of_tokens(text, tokens):
    assert at_least(text) == tokens
