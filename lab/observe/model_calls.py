"""What a model server says about its own work: tokens and durations, in the words of Ollama or of LangChain."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NANO = 1e9
Said = Any  # a LangChain message or piece of one, an answer of the ollama client, or a dict with the same fields


@dataclass(frozen=True)
class Work:
    """Tokens that the model read and wrote; seconds to write them and to load the model, where the server told them."""

    read: int
    wrote: int
    writing: float = 0.0
    loading: float = 0.0

    @classmethod
    def told(cls, said: Said) -> "Work | None":
        """None where nothing is told: a piece of a stream before its end, or an error."""
        fields = _fields(said)
        read = fields.get("input_tokens", fields.get("prompt_eval_count"))
        wrote = fields.get("output_tokens", fields.get("eval_count"))
        if read is None and wrote is None:
            return None
        times = (float(fields.get(name) or 0) / NANO for name in ("eval_duration", "load_duration"))
        return cls(int(read or 0), int(wrote or 0), *times)

    @property
    def speed(self) -> float | None:
        """Tokens written in a second; None where that is not known."""
        return self.wrote / self.writing if self.wrote and self.writing else None


def _fields(said: Said) -> dict[str, Any]:
    """LangChain keeps tokens in `usage_metadata` and the server's other words in `response_metadata`."""
    if isinstance(said, Mapping):
        return dict(said)
    if hasattr(said, "usage_metadata"):
        return {**(getattr(said, "response_metadata", None) or {}), **(said.usage_metadata or {})}
    return {name: getattr(said, name, None) for name in ("prompt_eval_count", "eval_count", "eval_duration", "load_duration")}
