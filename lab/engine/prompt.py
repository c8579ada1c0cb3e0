"""From a request's messages to the text or tokens that the model reads."""

import logging
from dataclasses import dataclass
from typing import Any

from lab.engine.errors import EngineError
from lab.engine.model import Model
from lab.engine.truncation import Message, cut_middle, newest_messages

log = logging.getLogger("lab.engine")

TOO_LONG = (
    "the prompt is longer than the context length currently available to the model; "
    "shorten the prompt, adjust the context length in settings, or use a model with a longer context length"
)


@dataclass
class PromptWriter:
    """Writes prompts for one request. Its methods block: they ask the model's tokeniser."""

    runner: Any
    model: Model
    options: dict[str, Any]
    num_ctx: int
    truncate: bool = True
    shift: bool = True

    def chat(self, messages: list[Message], go_template: str | None = None) -> str:
        """One prompt of all messages, without the oldest when they do not fit."""
        if self.truncate:
            messages = newest_messages(messages, lambda kept: self._fits(self._render(kept, go_template)))
        return self._render(messages, go_template)

    def cut(self, prompt: str, middle: bool = True) -> str | list[int]:
        """The prompt, cut to the context when it is longer. With `middle` or `truncate` false llama.cpp refuses a longer one.

        Without `shift` the prompt comes as tokens: their number limits the answer.
        """
        if self.shift and (not (middle and self.truncate) or self._surely_fits(prompt)):
            return prompt
        tokens: list[int] = self.runner.tokenize(prompt, special=True)
        if len(tokens) < self.num_ctx:
            return prompt if self.shift else tokens
        if not self.shift:
            raise EngineError(400, TOO_LONG)
        kept = cut_middle(tokens, self.num_ctx, self.options["num_keep"])
        log.warning("truncating input prompt: limit=%d prompt=%d keep=%d", len(kept), len(tokens), self.options["num_keep"])
        return kept

    def _render(self, messages: list[Message], go_template: str | None) -> str:
        chosen = go_template or self.model.template
        if not chosen:
            return str(self.runner.apply_template(messages))
        from lab.engine.template import render

        return render(chosen, messages=messages)

    def _fits(self, prompt: str) -> bool:
        return self._surely_fits(prompt) or len(self.runner.tokenize(prompt)) <= self.num_ctx

    def _surely_fits(self, prompt: str) -> bool:
        """A token is at least one byte: most prompts need no counting."""
        return len(prompt.encode()) < self.num_ctx
