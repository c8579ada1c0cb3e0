"""The prompts, as data: one text file each in `prompts`, or in the reader's own folder that PROMPTS names."""

from functools import lru_cache
from pathlib import Path

from langchain_core.prompts import ChatPromptTemplate

from lab.errors import SettingError
from lab.rag.retrieve import Hit
from lab.rag.window import joined
from lab.settings import Settings

OWN = Path(__file__).with_name("prompts")

# What each prompt is filled with. `answer` allows the context only: a prompt that invites "your own knowledge" too gets
# answers that no document supports.
SLOTS: dict[str, set[str]] = {
    "answer": {"context", "question"},
    "condense": {"history", "question"},
    "hyde": {"question"},
    "multi_query": {"count", "question"},
    "rerank": {"passage", "question"},
    "rewrite": {"question"},
}

# Passages that a model reads; others read all TOP_K. The smallest model does no better with four than with the best one
# (114 questions: right 62 and 61 times), and answers in 1.2 s instead of 4.0 s.
PASSAGES = {"smollm2:135m": 1}


def prompt(settings: Settings, name: str) -> ChatPromptTemplate:
    """The prompt of this name. Raises SettingError when the reader's own one cannot be filled."""
    folder = settings.prompts_folder
    if folder and not folder.is_dir():
        raise SettingError(f"PROMPTS names {folder}, which is no folder.", "Correct PROMPTS, or leave it empty for the lab's own prompts.")
    own = folder / f"{name}.txt" if folder else None
    file = own if own and own.is_file() else OWN / f"{name}.txt"
    state = file.stat()
    return _read(name, file, (state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=32)
def _read(name: str, file: Path, state: tuple[int, int]) -> ChatPromptTemplate:
    """Read once in each `state` of the file: an edited one is read again."""
    slots = " and ".join(f"{{{slot}}}" for slot in sorted(SLOTS[name]))
    try:
        template = ChatPromptTemplate.from_messages([("human", file.read_text("utf-8").rstrip("\n"))])
    except (OSError, ValueError) as error:
        raise SettingError(
            f"The prompt {file} cannot be used: {error}.", f"Write a brace that is no slot twice; its slots are {slots}."
        ) from error
    if set(template.input_variables) != SLOTS[name]:
        raise SettingError(f"The prompt {file} has other slots than {slots}.", "Change the file, or take it out of the PROMPTS folder.")
    return template


def join(hits: list[Hit]) -> str:
    """Passages as plain text for a prompt, each under its headings and with its window: not the printed form of a Document."""
    return "\n\n".join(joined(hit.window or (hit,)) for hit in hits)
