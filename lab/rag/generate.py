"""The model's words: streamed, with a time limit, and with a note when the model did not read the whole prompt."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import Runnable, RunnableLambda

from lab.rag.chat_model import chat_model
from lab.rag.connections import broke_off, model_call
from lab.rag.prompt import PASSAGES, join, prompt
from lab.rag.retrieve import Hit
from lab.settings import Settings

# A token never spans two words, so a prompt has at least as many tokens as words; Japanese takes about one for two characters.
WORD = re.compile(r"[A-Za-z0-9]+")
FEWER = 0.9  # room for a tokeniser that does join two words now and then
WIDE = re.compile(r"[ぁ-ヿ一-鿿]")


@dataclass
class Draft:
    """What the model wrote, before anybody checked it."""

    text: str = ""
    unread: str = ""  # a note when the model did not read the whole prompt
    unfinished: str = ""  # a note when it did not finish its answer
    prompt: str = ""  # what it was given
    prompt_tokens: int = 0  # and how many tokens of it it read
    written_tokens: int = 0


class Generator:
    """Prompt and model, put together once."""

    def __init__(self, settings: Settings):
        self.settings = settings

    @cached_property
    def chain(self) -> Runnable[dict[str, str], Any]:
        """LangChain's pipe of prompt and chat model."""
        stop = ["\nQuestion:"]  # where a small model starts to repeat the prompt
        return RunnableLambda(self._fill) | chat_model(self.settings, num_predict=self.settings.num_predict, stop=stop)

    def _fill(self, values: dict[str, str]) -> PromptValue:
        """The prompt is looked up each time: its file may have been edited."""
        return prompt(self.settings, "answer").invoke(values)

    def stream(self, question: str, hits: list[Hit]) -> Iterator[str | Draft]:
        """Pieces of text as the model writes them, and last the Draft."""
        values, writing = self._values(question, hits), _Writing()
        with model_call(self.settings, self.settings.chat_model, "chat") as call:
            for piece in self.chain.stream(values):
                if text := writing.take(piece):
                    yield text
            if not writing.end.get("done"):
                raise broke_off(self.settings)
            call.results.append(writing.end)
        yield self._draft(values, writing)

    def _values(self, question: str, hits: list[Hit]) -> dict[str, str]:
        passages = hits[: PASSAGES.get(self.settings.chat_model, len(hits))]
        return {"context": join(passages), "question": question}

    def _draft(self, values: dict[str, str], writing: "_Writing") -> Draft:
        end = writing.end
        asked = str(prompt(self.settings, "answer").format_messages(**values)[0].content)
        read = end.get("input_tokens", 0)
        return Draft(writing.text, self._unread(asked, read), self._unfinished(end), asked, read, end.get("output_tokens", 0))

    def _unread(self, text: str, read: int) -> str:
        needed = at_least(text)
        if read >= FEWER * needed:
            return ""
        window = self.settings.num_ctx
        return f"The prompt was cut: it has at least {needed} tokens and the model read {read}. Raise NUM_CTX ({window}), or lower TOP_K."

    def _unfinished(self, end: dict[str, Any]) -> str:
        if end.get("done_reason") != "length":
            return ""
        own, written = self.settings, end.get("output_tokens", 0)
        return f"The answer was cut at {written} tokens: NUM_PREDICT is {own.num_predict}, NUM_CTX is {own.num_ctx}."


@dataclass
class _Writing:
    """The pieces so far, and what the server says besides."""

    text: str = ""
    end: dict[str, Any] = field(default_factory=dict)

    def take(self, piece: Any) -> str:
        """The piece's text."""
        self.end = {**self.end, **piece.response_metadata, **(piece.usage_metadata or {})}
        self.text += piece.content
        return str(piece.content)


def at_least(text: str) -> int:
    """Tokens that a text has at the very least, whatever the model's tokeniser."""
    return len(WORD.findall(text)) + len(WIDE.findall(text)) // 3
