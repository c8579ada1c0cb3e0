"""LangChain's connection to Ollama, unchanged, on this engine."""

from typing import Any

import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_ollama import ChatOllama, OllamaEmbeddings, OllamaLLM
from pydantic import BaseModel, Field

CHAT: dict[str, Any] = {"model": "smollm2:135m", "temperature": 0, "num_predict": 8}


class Capital(BaseModel):
    """The capital of a country."""

    capital: str = Field(max_length=20)
    sure: bool


@pytest.fixture
def chat(engine: Any) -> ChatOllama:
    return ChatOllama(base_url=engine.url, **CHAT)


def test_chat_answers_with_its_metadata(chat: ChatOllama) -> None:
    answer = chat.invoke([SystemMessage("Be brief."), HumanMessage("Say hello.")])
    assert answer.content
    assert answer.response_metadata["done_reason"] in ("stop", "length")
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] <= 8


def test_chat_streams_what_it_answers(chat: ChatOllama) -> None:
    assert "".join(str(part.content) for part in chat.stream("Say hello.")) == chat.invoke("Say hello.").content


def test_structured_output_is_an_object_of_the_class(engine: Any) -> None:
    chat = ChatOllama(base_url=engine.url, **{**CHAT, "num_predict": 60})
    answer = chat.with_structured_output(Capital, method="json_schema").invoke("What is the capital of France? Answer in JSON.")
    assert isinstance(answer, Capital)
    assert answer.capital


def test_embeddings_of_documents_and_of_a_query_agree(engine: Any) -> None:
    embeddings = OllamaEmbeddings(base_url=engine.url, model="all-minilm")
    documents = embeddings.embed_documents(["A volume outlives its container.", "Bananas are yellow."])
    query = embeddings.embed_query("A volume outlives its container.")
    assert [len(vector) for vector in documents] == [384, 384]
    assert query == pytest.approx(documents[0], abs=2e-3)


def test_the_plain_model_continues_text(engine: Any) -> None:
    llm = OllamaLLM(base_url=engine.url, **CHAT)
    assert "".join(llm.stream("Say hello.")) == llm.invoke("Say hello.")


def test_a_missing_model_is_named(engine: Any) -> None:
    with pytest.raises(Exception, match="model 'zz' not found"):
        ChatOllama(base_url=engine.url, model="zz").invoke("x")
