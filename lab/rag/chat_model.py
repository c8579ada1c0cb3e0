"""The chat model, with the options that change answers all set here."""

from functools import cached_property
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_ollama import ChatOllama

from lab.rag.connections import HOOKS, model_call
from lab.rag.prompt import prompt
from lab.settings import Settings

SHORT = 120  # tokens that a task beside the answer may take


def chat_model(settings: Settings, **options: Any) -> ChatOllama:
    """LangChain's chat model for CHAT_MODEL."""
    return ChatOllama(
        model=settings.chat_model,
        base_url=settings.ollama_host,
        temperature=settings.temperature,
        num_ctx=settings.num_ctx,
        repeat_penalty=1.0,  # above 1 a small model avoids the right number because it stands in the prompt
        seed=0,
        client_kwargs={"timeout": settings.request_timeout},
        sync_client_kwargs={"event_hooks": HOOKS},
        **options,
    )


class Helper:
    """The chat model for short tasks beside the answer: another question, a score."""

    def __init__(self, settings: Settings):
        self.settings = settings

    @cached_property
    def model(self) -> BaseChatModel:
        """The model, connected when first needed."""
        return chat_model(self.settings, num_predict=SHORT)

    def write(self, task: str, form: dict[str, Any] | None = None, **values: Any) -> str:
        """What the model writes for the prompt named `task`; with `form`, JSON of that schema."""
        model = self.model.bind(format=form) if form else self.model
        with model_call(self.settings, self.settings.chat_model, "chat") as call:
            said = (prompt(self.settings, task) | model).invoke(values)
            call.results.append(said)
        return str(said.content).strip()
