"""Making a prompt fit into the context, as Ollama does."""

from collections.abc import Callable
from typing import Any

Message = dict[str, Any]


def newest_messages(messages: list[Message], fits: Callable[[list[Message]], bool]) -> list[Message]:
    """The messages without the oldest, until they fit. System messages and the last one always stay.

    A tool's answer stays with the assistant message that asked for it.
    """
    kept = messages
    for index in range(len(messages)):
        start = _turn_start(messages, index)
        kept = [message for message in messages[:start] if message["role"] == "system"] + messages[start:]
        if fits(kept):
            break
    return kept


def _turn_start(messages: list[Message], index: int) -> int:
    start = index
    while start > 0 and messages[start]["role"] == "tool":
        start -= 1
    return start if messages[start].get("tool_calls") else index


def cut_middle(tokens: list[int], num_ctx: int, num_keep: int) -> list[int]:
    """The first `num_keep` tokens and the newest ones, in total about half the context, when there are too many."""
    if len(tokens) <= num_ctx - 1:  # one place stays free for the answer
        return tokens
    keep = min(num_keep, num_ctx - 1) if num_keep >= 0 else num_ctx - 1
    limit = num_ctx - max((num_ctx - keep) // 2, 1)
    return tokens[:keep] + tokens[len(tokens) - (limit - keep) :]
